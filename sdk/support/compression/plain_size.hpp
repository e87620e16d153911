// How large a compressed stream says that its content is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace sealos {

/// Fills `into` with the bytes at `offset` of the stream; false if they cannot be had.
using ReadAt = std::function<bool(std::int64_t offset, std::span<std::byte> into)>;

/// Looks at a few bytes of a gzip stream of `size` bytes: the last four, and the head of each
/// member where `many_reads` allows that and compress() has made them. Right for those and for any
/// single member with less than 4 GiB in it, so for nearly all layers; but nothing has been
/// verified, and whoever relies on it has to be able to do without. nullopt where it is improbable.
std::optional<std::int64_t> said_gzip_size(std::int64_t size, const ReadAt& read_at,
                                           bool many_reads);

}  // namespace sealos
