#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "image.hpp"

namespace sealos::conformance {
namespace {

class TroubledStream : public Stream {
 public:
  TroubledStream(std::int64_t size, Trouble trouble) : total_(size), trouble_(std::move(trouble)) {}

  size_t read(std::span<std::byte> into) override {
    const std::int64_t end = trouble_.fail_at >= 0 ? std::min(trouble_.fail_at, total_) : total_;
    const auto n = std::min<std::int64_t>(end - given_, static_cast<std::int64_t>(into.size()));
    if (n == 0) {
      if (trouble_.fail_at >= 0) throw Error(trouble_.status, "the stream fails as it was told to");
      return 0;
    }
    fill(into.first(static_cast<size_t>(n)), given_);
    given_ += n;
    if (trouble_.on_bytes) trouble_.on_bytes(given_);
    return static_cast<size_t>(n);
  }
  std::int64_t size() const override { return total_ - given_; }

 protected:
  virtual void fill(std::span<std::byte> into, std::int64_t at) {
    std::fill(into.begin(), into.end(), static_cast<std::byte>(at >> 16));
  }

 private:
  std::int64_t total_, given_ = 0;
  Trouble trouble_;
};

class TextStream final : public TroubledStream {
 public:
  TextStream(const std::string& bytes, Trouble trouble)
      : TroubledStream(static_cast<std::int64_t>(bytes.size()), std::move(trouble)),
        bytes_(bytes) {}

 private:
  void fill(std::span<std::byte> into, std::int64_t at) override {
    std::memcpy(into.data(), bytes_.data() + at, into.size());
  }
  std::string bytes_;
};

/// Offers a descriptor; says at the end whether the bytes were right.
class FdStream final : public Stream {
 public:
  FdStream(int fd, std::int64_t size, bool good) : fd_(fd), size_(size), good_(good) {}
  ~FdStream() override { ::close(fd_); }

  size_t read(std::span<std::byte> into) override {
    const ssize_t n = ::read(fd_, into.data(), into.size());
    if (n < 0) throw Error(Status::io, "a file of the test cannot be read");
    if (n == 0 && !good_) throw Error(Status::corrupt, "the bytes were the wrong ones");
    return static_cast<size_t>(n);
  }
  std::int64_t size() const override { return size_; }
  int fd() const override { return fd_; }

 private:
  int fd_;
  std::int64_t size_;
  bool good_;
};

}  // namespace

std::unique_ptr<Stream> stream_of(const std::string& bytes, Trouble trouble) {
  return std::make_unique<TextStream>(bytes, std::move(trouble));
}

std::unique_ptr<Stream> endless_stream(std::int64_t size, Trouble trouble) {
  return std::make_unique<TroubledStream>(size, std::move(trouble));
}

std::unique_ptr<Stream> file_stream_of(const std::filesystem::path& file, const std::string& bytes,
                                       bool good) {
  std::ofstream(file, std::ios::binary) << "skipped:" << bytes;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::lseek(fd, 8, SEEK_SET) != 8) throw Failure{"the test cannot read its own file"};
  return std::make_unique<FdStream>(fd, static_cast<std::int64_t>(bytes.size()), good);
}

}  // namespace sealos::conformance
