#include "support/layer_tar/tar_split_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "support/base64/base64.hpp"
#include "support/layer_tar/tar_entry.hpp"
#include "support/layer_tar/tar_split.hpp"

namespace sealos::layer_tar {
namespace {

class TarSplitStream final : public Stream {
 public:
  TarSplitStream(std::unique_ptr<Stream> lines, ContentOpener open, std::string layer,
                 std::int64_t size)
      : entries_(std::move(lines), "the tar-split of layer " + layer),
        open_(std::move(open)),
        layer_(std::move(layer)),
        left_(size) {}

  size_t read(std::span<std::byte> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const size_t n = read_some(into.subspan(done));
      if (n == 0) break;
      done += n;
    }
    if (left_ >= 0) {
      if (static_cast<std::int64_t>(done) > left_) refuse("its parts are larger than the layer");
      left_ -= static_cast<std::int64_t>(done);
    }
    return done;
  }
  std::int64_t size() const override { return left_; }

 private:
  size_t read_some(std::span<std::byte> into) {
    while (true) {
      if (at_ < segment_.size()) {
        const size_t n = std::min(into.size(), segment_.size() - at_);
        std::memcpy(into.data(), segment_.data() + at_, n);
        at_ += n;
        return n;
      }
      if (file_left_ > 0) return read_file(into);
      file_.reset();
      if (!entries_.next(entry_)) return 0;
      start_entry();
    }
  }

  void start_entry() {
    if (!entry_.is_file) {
      segment_.clear();
      at_ = 0;
      if (!append_from_base64(segment_, entry_.payload)) refuse("a segment is not base64");
      return;
    }
    if (entry_.size == 0) return;
    // Go notes a size for headers that have no content (links, folders); the checksum tells.
    if (entry_.crc_zero && header_has_no_content()) return;
    try {
      file_ = open_(entry_.name, entry_.size);
    } catch (const Error& e) {
      if (e.status() == Status::corrupt) refuse(e.message());
      throw;
    }
    file_left_ = entry_.size;
  }

  /// By the type of the header that the segment before the file ends with.
  bool header_has_no_content() const {
    if (segment_.size() < kTarBlock) return false;
    const char type = segment_[segment_.size() - kTarBlock + 156];
    return type >= '1' && type <= '6';
  }

  size_t read_file(std::span<std::byte> into) {
    const size_t want = static_cast<size_t>(
        std::min<std::int64_t>(file_left_, static_cast<std::int64_t>(into.size())));
    const size_t n = file_->read(into.first(want));
    if (n == 0) refuse("the file \"" + printable(entry_.name) + "\" became shorter");
    file_left_ -= static_cast<std::int64_t>(n);
    return n;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(Status::corrupt, fmt::format("layer {} cannot be rebuilt: {}", layer_, why));
  }

  TarSplitReader entries_;
  ContentOpener open_;
  TarSplitEntry entry_;
  std::string layer_, segment_;
  size_t at_ = 0;
  std::unique_ptr<Stream> file_;
  std::int64_t file_left_ = 0;
  std::int64_t left_;
};

}  // namespace

std::unique_ptr<Stream> tar_split_stream(std::unique_ptr<Stream> lines, ContentOpener open,
                                         std::string layer, std::int64_t size) {
  return std::make_unique<TarSplitStream>(std::move(lines), std::move(open), std::move(layer),
                                          size);
}

}  // namespace sealos::layer_tar
