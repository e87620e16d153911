// Files, with errors as exceptions. Thread-safe except where one object is shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sealos/sdk/error.hpp"

namespace sealos {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// An Error for errno: SEALOS_NOT_FOUND for ENOENT and ENOTDIR, SEALOS_EXISTS for EEXIST, else
/// SEALOS_IO, also for EACCES: SEALOS_DENIED is what a registry or daemon says. "doing: strerror".
Error errno_error(int number, std::string_view doing);

/// open(2) relative to a folder (AT_FDCWD allowed), close-on-exec, retried on EINTR.
Fd open_at(int folder, const std::string& path, int flags, unsigned mode = 0666);
/// A regular file below a folder: no symbolic link leads out of it, none is followed at the end.
/// Anything that is no regular file is SEALOS_INVALID.
Fd open_regular_beneath(int folder, const std::string& path);
std::int64_t size_of(int fd, std::string_view name);

/// The whole file; more than `most` bytes is SEALOS_INVALID.
std::string read_all(int fd, std::string_view name, size_t most);
void write_all(int fd, std::span<const std::byte> bytes, std::string_view name);
void write_all(int fd, std::string_view text, std::string_view name);
void sync_file(int fd, std::string_view name);
void make_folder(int folder, const std::string& path, unsigned mode);

/// Replaces folder/name: writes aside, flushes to the disk, renames. A crash leaves the old or
/// the new file. A failure removes what was written.
void replace_file(int folder, const std::string& name, std::string_view text, unsigned mode = 0644);

/// A name that no file has: prefix and random letters.
std::string temporary_name(std::string_view prefix);

/// The path with symbolic links resolved as far as it exists, absolute, without "." and "..".
std::string resolved_path(const std::string& path);

}  // namespace sealos
