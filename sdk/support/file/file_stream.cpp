#include "support/file/file_stream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "support/file/write_behind.hpp"

namespace sealos {
namespace {

constexpr size_t kBuffer = 256 * 1024;

class FileStream final : public Stream {
 public:
  FileStream(Fd file, std::string name, std::int64_t left)
      : file_(std::move(file)), name_(std::move(name)), left_(left) {}

  size_t read(std::span<std::byte> into) override {
    // A reader that took everything through fd() has moved the file to the end of this part of it.
    if (left_ > 0 && ::lseek(file_.get(), 0, SEEK_CUR) >= end_) left_ = 0;
    const size_t want =
        static_cast<size_t>(std::min<std::int64_t>(left_, static_cast<std::int64_t>(into.size())));
    if (want == 0) return 0;
    ssize_t n;
    do {
      n = ::read(file_.get(), into.data(), want);
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw errno_error(errno, "reading " + name_);
    if (n == 0) throw Error(Status::corrupt, name_ + " is shorter than it was");
    left_ -= n;
    return static_cast<size_t>(n);
  }
  std::int64_t size() const override { return left_; }
  int fd() const override { return file_.get(); }
  void set_end(std::int64_t end) { end_ = end; }

 private:
  Fd file_;
  std::string name_;
  std::int64_t left_;
  std::int64_t end_ = 0;
};

class RegionStream final : public Stream {
 public:
  RegionStream(int file, std::string name, std::int64_t offset, std::int64_t left)
      : file_(file), name_(std::move(name)), offset_(offset), left_(left) {}

  size_t read(std::span<std::byte> into) override {
    const size_t want =
        static_cast<size_t>(std::min<std::int64_t>(left_, static_cast<std::int64_t>(into.size())));
    if (want == 0) return 0;
    ssize_t n;
    do {
      n = ::pread(file_, into.data(), want, offset_);
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw errno_error(errno, "reading " + name_);
    if (n == 0) throw Error(Status::corrupt, name_ + " is cut off");
    left_ -= n;
    offset_ += n;
    return static_cast<size_t>(n);
  }
  std::int64_t size() const override { return left_; }

 private:
  int file_;
  std::string name_;
  std::int64_t offset_, left_;
};

class MemoryStream final : public Stream {
 public:
  explicit MemoryStream(std::string bytes) : bytes_(std::move(bytes)) {}
  size_t read(std::span<std::byte> into) override {
    const size_t n = std::min(into.size(), bytes_.size() - at_);
    std::memcpy(into.data(), bytes_.data() + at_, n);
    at_ += n;
    return n;
  }
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size() - at_); }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

/// Shares the blocks of two files. False if the file systems cannot, with nothing moved.
bool share_blocks(int from, off_t from_at, int to, off_t to_at, std::int64_t size) {
  file_clone_range range{};
  range.src_fd = from;
  range.src_offset = static_cast<std::uint64_t>(from_at);
  range.src_length = static_cast<std::uint64_t>(size);
  range.dest_offset = static_cast<std::uint64_t>(to_at);
  if (::ioctl(to, FICLONERANGE, &range) != 0) return false;
  ::lseek(from, from_at + size, SEEK_SET);
  ::lseek(to, to_at + size, SEEK_SET);
  return true;
}

/// Moves all of it inside the kernel. False if the file systems cannot, with nothing moved.
bool copy_in_kernel(int from, int to, std::int64_t size, const std::string& name) {
  const off_t from_at = ::lseek(from, 0, SEEK_CUR), to_at = ::lseek(to, 0, SEEK_CUR);
  if (from_at < 0 || to_at < 0) return false;
  if (share_blocks(from, from_at, to, to_at, size)) return true;
  std::int64_t done = 0;
  WriteBehind behind(to);
  while (done < size) {
    const size_t want = static_cast<size_t>(std::min<std::int64_t>(size - done, 8 << 20));
    const ssize_t n = ::copy_file_range(from, nullptr, to, nullptr, want, 0);
    if (n > 0) {
      behind.wrote(n);
      done += n;
    } else if (n == 0) {
      throw Error(Status::corrupt, "the blob is shorter than it should be");
    } else if (errno != EINTR) {
      const bool unable =
          errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
      if (done == 0 && unable) return false;
      throw errno_error(errno, "writing " + name);
    }
  }
  return true;
}

}  // namespace

std::unique_ptr<Stream> file_stream(Fd file, std::string name, std::int64_t offset,
                                    std::int64_t length) {
  const std::int64_t whole = size_of(file.get(), name);
  if (offset < 0 || offset > whole || (length >= 0 && length > whole - offset)) {
    throw Error(Status::corrupt, fmt::format("{} has {} bytes, fewer than it should", name, whole));
  }
  const std::int64_t left = length < 0 ? whole - offset : length;
  if (offset != 0 && ::lseek(file.get(), offset, SEEK_SET) < 0)
    throw errno_error(errno, "seeking in " + name);
  ::posix_fadvise(file.get(), offset, left, POSIX_FADV_SEQUENTIAL);
  auto stream = std::make_unique<FileStream>(std::move(file), std::move(name), left);
  stream->set_end(offset + left);
  return stream;
}

std::unique_ptr<Stream> file_region_stream(int file, std::string name, std::int64_t offset,
                                           std::int64_t length) {
  return std::make_unique<RegionStream>(file, std::move(name), offset, length);
}

std::unique_ptr<Stream> memory_stream(std::string bytes) {
  return std::make_unique<MemoryStream>(std::move(bytes));
}

std::int64_t copy_to_file(Stream& from, int file, const std::string& name, Hasher* hasher) {
  std::int64_t done = 0;
  if (hasher == nullptr && from.fd() >= 0 && from.size() > 0) {
    const std::int64_t size = from.size();
    if (copy_in_kernel(from.fd(), file, size, name)) {
      std::byte one[1];
      if (from.read(one) != 0) throw Error(Status::corrupt, "the blob is longer than it should be");
      return size;
    }
  }
  std::vector<std::byte> buffer(kBuffer);
  WriteBehind behind(file);
  while (const size_t n = from.read(buffer)) {
    const std::span<const std::byte> bytes(buffer.data(), n);
    if (hasher != nullptr) hasher->update(bytes);
    write_all(file, bytes, name);
    done += static_cast<std::int64_t>(n);
    behind.wrote(static_cast<std::int64_t>(n));
  }
  return done;
}

std::string read_stream(Stream& from, size_t most, std::string_view name) {
  std::string out;
  std::vector<std::byte> buffer(65536);
  while (const size_t n = from.read(buffer)) {
    out.append(reinterpret_cast<const char*>(buffer.data()), n);
    if (out.size() > most)
      throw Error(Status::invalid, fmt::format("{} is larger than {} bytes", name, most));
  }
  return out;
}

}  // namespace sealos
