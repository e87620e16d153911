// Pull streams in C++, and their two crossings of the ABI. std only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "sealos/abi.h"
#include "sealos/sdk/error.hpp"
#include "sealos/sdk/guard.hpp"

namespace sealos {

/// Bytes that its one reader pulls. Not for concurrent use.
///
/// A reader either calls read until it returns 0, or, where fd() is not -1, takes exactly size()
/// bytes from the descriptor where it stands and then calls read once, which returns 0 if those
/// bytes were the right ones and throws if not. What was made of the bytes may be kept only after
/// read has returned 0.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// Stores between 1 and into.size() bytes and returns how many; 0 at the end, and again after
  /// it. into is not empty. Throws Error.
  virtual size_t read(std::span<std::byte> into) = 0;
  /// Bytes still to come; -1 if that is not known.
  virtual std::int64_t size() const { return -1; }
  /// A regular file that stands at the next byte; -1: none. Owned by the stream.
  virtual int fd() const { return -1; }
};

namespace sdk {

/// A stream received over the ABI. Owns it.
class ForeignStream final : public Stream {
 public:
  explicit ForeignStream(sealos_stream* c) : c_(c) {}
  ~ForeignStream() override {
    if (c_->release != nullptr) c_->release(c_);
  }

  size_t read(std::span<std::byte> into) override { return read_from(c_, into); }
  std::int64_t size() const override { return c_->size; }
  int fd() const override { return c_->fd; }

  static size_t read_from(sealos_stream* c, std::span<std::byte> into) {
    ErrorSlot error;
    const std::int64_t n = c->read(c, into.data(), into.size(), error.out());
    if (n < 0) {
      const bool sane = n >= -static_cast<std::int64_t>(SEALOS_INTERNAL);
      throw error.to_error(sane ? static_cast<sealos_status>(-n) : SEALOS_INTERNAL,
                           "reading failed");
    }
    if (static_cast<std::uint64_t>(n) > into.size()) {
      throw Error(Status::internal, "a stream returned more bytes than there was room for");
    }
    return static_cast<size_t>(n);
  }

 private:
  sealos_stream* c_;
};

/// A stream borrowed for one call, as put_blob has it.
class BorrowedStream final : public Stream {
 public:
  explicit BorrowedStream(sealos_stream* c) : c_(c) {}
  size_t read(std::span<std::byte> into) override { return ForeignStream::read_from(c_, into); }
  std::int64_t size() const override { return c_->size; }
  int fd() const override { return c_->fd; }

 private:
  sealos_stream* c_;
};

/// Lends or gives a Stream to C.
class StreamBox : public sealos_stream {
 public:
  /// The receiver owns what is returned.
  static sealos_stream* give(std::unique_ptr<Stream> stream) {
    auto* box = new StreamBox(*stream);
    box->owned_ = std::move(stream);
    return box;
  }
  /// For one call; the stream must outlive this object.
  explicit StreamBox(Stream& stream) : sealos_stream{}, stream_(stream) {
    struct_size = sizeof(sealos_stream);
    fd = stream.fd();
    size = stream.size();
    impl = this;
    release = [](sealos_stream* self) {
      auto* box = static_cast<StreamBox*>(self->impl);
      if (box->owned_ != nullptr) delete box;
    };
    read = [](sealos_stream* self, void* into, size_t room, sealos_error* error) -> std::int64_t {
      auto* box = static_cast<StreamBox*>(self->impl);
      std::int64_t n = 0;
      const sealos_status status = guard(error, [&] {
        n = static_cast<std::int64_t>(box->stream_.read({static_cast<std::byte*>(into), room}));
        if (self->size >= 0) self->size = box->stream_.size();
      });
      return status == SEALOS_OK ? n : -static_cast<std::int64_t>(status);
    };
  }

 private:
  Stream& stream_;
  std::unique_ptr<Stream> owned_;
};

}  // namespace sdk
}  // namespace sealos
