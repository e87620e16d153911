// Files, for transports that keep theirs in folders. std and POSIX only.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "sealos/sdk/error.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos::sdk {

/// What errno says of a file, as an exception.
[[noreturn]] inline void throw_errno(const std::filesystem::path& path, const char* doing) {
  const int code = errno;
  const Status status = code == ENOENT || code == ENOTDIR ? Status::not_found : Status::io;
  throw Error(status, std::string(doing) + " " + printable(path.string()) + ": " +
                          std::generic_category().message(code));
}

/// Makes a folder and those around it, where they are not there yet.
inline void make_folders(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return;
  throw Error(Status::io, "making the folder " + printable(path.string()) + ": " + error.message());
}

/// A part of a regular file. It offers the descriptor, so that sealos may copy inside the kernel.
class FileStream final : public Stream {
 public:
  /// length -1: to the end. Throws SEALOS_NOT_FOUND where there is no such file, SEALOS_CORRUPT
  /// where it has no such part, else SEALOS_IO.
  explicit FileStream(std::filesystem::path path, std::int64_t offset = 0, std::int64_t length = -1)
      : FileStream(Opened(), std::move(path)) {
    position(offset, length);
  }
  ~FileStream() override { ::close(fd_); }

  size_t read(std::span<std::byte> into) override {
    const std::int64_t left = size();
    if (left <= 0) return 0;
    const auto most = static_cast<std::uint64_t>(left);
    ssize_t n = 0;
    do {
      n = ::read(fd_, into.data(), most < into.size() ? most : into.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw_errno(path_, "reading");
    if (n == 0) throw Error(Status::corrupt, printable(path_.string()) + " became shorter");
    return static_cast<size_t>(n);
  }
  /// Also where bytes were taken through the descriptor.
  std::int64_t size() const override { return end_ - ::lseek(fd_, 0, SEEK_CUR); }
  int fd() const override { return fd_; }

 private:
  struct Opened {};
  FileStream(Opened, std::filesystem::path path)
      : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0) throw_errno(path_, "opening");
  }
  void position(std::int64_t offset, std::int64_t length) {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) throw_errno(path_, "reading");
    if (!S_ISREG(info.st_mode)) throw Error(Status::io, printable(path_.string()) + " is no file");
    if (offset < 0 || offset > info.st_size || length > info.st_size - offset) {
      throw Error(Status::corrupt, printable(path_.string()) + " has fewer bytes than it should");
    }
    end_ = length < 0 ? info.st_size : offset + length;
    if (::lseek(fd_, offset, SEEK_SET) != offset) throw_errno(path_, "reading");
  }

  std::filesystem::path path_;
  int fd_;
  std::int64_t end_ = 0;
};

/// A file that appears under its name whole, or not at all. What is not kept is removed; a killed
/// process leaves a file that begins with ".new-". Throws SEALOS_IO, or SEALOS_NOT_FOUND where
/// there is no such folder.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& folder) {
    static std::atomic<unsigned> serial = 0;
    do {
      path_ = folder / (".new-" + std::to_string(::getpid()) + "-" + std::to_string(++serial));
      fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (fd_ < 0 && errno == EEXIST);
    if (fd_ < 0) throw_errno(path_, "making");
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!kept_) ::unlink(path_.c_str());
  }

  void write(const void* data, size_t size) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t n = ::write(fd_, at, size);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw_errno(path_, "writing");
      at += n;
      size -= static_cast<size_t>(n);
    }
  }
  /// Gives it its name, in place of a file that has it; once, in the same file system. `flush`
  /// makes sure that its bytes are on the disk before, which takes time.
  void keep_as(const std::filesystem::path& name, bool flush = false) {
    if (flush && ::fsync(fd_) != 0) throw_errno(path_, "writing");
    if (::close(std::exchange(fd_, -1)) != 0) throw_errno(path_, "writing");
    if (::rename(path_.c_str(), name.c_str()) != 0) throw_errno(name, "making");
    kept_ = true;
  }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  bool kept_ = false;
};

}  // namespace sealos::sdk
