#include "gunzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace sealos::containers_storage {
namespace {

class GunzipStream final : public Stream {
 public:
  explicit GunzipStream(std::unique_ptr<Stream> from) : from_(std::move(from)), in_(65536) {
    if (::inflateInit2(&z_, 15 + 16) != Z_OK) throw Error(Status::internal, "zlib cannot start");
  }
  ~GunzipStream() override { ::inflateEnd(&z_); }

  size_t read(std::span<std::byte> into) override {
    z_.next_out = reinterpret_cast<Bytef*>(into.data());
    z_.avail_out = static_cast<uInt>(std::min<size_t>(into.size(), 1 << 30));
    const uInt room = z_.avail_out;
    while (z_.avail_out == room) {
      if (z_.avail_in == 0 && !refill()) {
        if (between_) return 0;
        throw Error(Status::corrupt, "gzip data is cut off");
      }
      if (between_) {
        ::inflateReset(&z_);
        between_ = false;
      }
      const int result = ::inflate(&z_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        between_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw Error(Status::corrupt, "gzip data is damaged");
      }
    }
    return room - z_.avail_out;
  }

 private:
  bool refill() {
    const size_t n = from_->read(in_);
    z_.next_in = reinterpret_cast<Bytef*>(in_.data());
    z_.avail_in = static_cast<uInt>(n);
    return n > 0;
  }

  std::unique_ptr<Stream> from_;
  std::vector<std::byte> in_;
  z_stream z_{};
  bool between_ = false;
};

}  // namespace

std::unique_ptr<Stream> gunzip(std::unique_ptr<Stream> from) {
  return std::make_unique<GunzipStream>(std::move(from));
}

}  // namespace sealos::containers_storage
