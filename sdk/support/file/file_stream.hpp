// Files as streams, and streams into files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sealos/sdk/stream.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file.hpp"

namespace sealos {

/// `length` bytes of a regular file from `offset`; -1: to its end. The stream offers the
/// descriptor. An offset or length beyond the file is SEALOS_CORRUPT.
std::unique_ptr<Stream> file_stream(Fd file, std::string name, std::int64_t offset = 0,
                                    std::int64_t length = -1);

/// `length` bytes at `offset` of a file that others read too (an archive): does not move the
/// descriptor's position and does not own it. Offers no descriptor.
std::unique_ptr<Stream> file_region_stream(int file, std::string name, std::int64_t offset,
                                           std::int64_t length);

/// Bytes in memory.
std::unique_ptr<Stream> memory_stream(std::string bytes);

/// Writes a stream to the end into a file, from where that stands, inside the kernel (shared
/// extents, copy_file_range) where stream and file systems allow it; or into a pipe. Returns how
/// many bytes, after the stream has said that they are the right ones. If hasher is not nullptr, it
/// is given all bytes. `name` is for messages about the file written.
std::int64_t copy_to_file(Stream& from, int file, const std::string& name,
                          Hasher* hasher = nullptr);

/// Reads a stream to its end into memory; more than `most` bytes is SEALOS_INVALID.
std::string read_stream(Stream& from, size_t most, std::string_view name);

}  // namespace sealos
