#include "core/custom_resources/layer_scanner.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "sealos/sdk/error.hpp"
#include "support/compression/compression.hpp"

namespace sealos::custom_resources {
namespace {

using layer_tar::kTarBlock;

constexpr std::int64_t kMaxAnnounced = 1 << 20;  // as Go: bytes of one pax or GNU header
constexpr size_t kMoreSparse = 504;              // where a block says that another map follows
constexpr size_t kFirstMoreSparse = 482;

std::int64_t padding_of(std::int64_t size) { return -size & std::int64_t{kTarBlock - 1}; }

class WatchedStream final : public Stream {
 public:
  WatchedStream(std::unique_ptr<Stream> from, LayerScanner& scanner)
      : from_(std::move(from)), scanner_(scanner) {}

  size_t read(std::span<std::byte> into) override {
    const size_t n = from_->read(into);
    if (n > 0) {
      scanner_.take(into.first(n));
    } else {
      scanner_.end();
    }
    return n;
  }
  std::int64_t size() const override { return from_->size(); }

 private:
  std::unique_ptr<Stream> from_;
  LayerScanner& scanner_;
};

/// Remembers what the bytes come from has thrown, which is not the layer's fault.
class BlamedStream final : public Stream {
 public:
  BlamedStream(std::unique_ptr<Stream> from, std::optional<Error>& failure)
      : from_(std::move(from)), failure_(failure) {}
  size_t read(std::span<std::byte> into) override {
    try {
      return from_->read(into);
    } catch (const Error& e) {
      failure_ = e;
      throw;
    }
  }

 private:
  std::unique_ptr<Stream> from_;
  std::optional<Error>& failure_;
};

}  // namespace

void LayerScanner::fail(const std::string& why) noexcept {
  over_ = true;
  into_ = nullptr;
  if (maker_.files().problem.empty()) maker_.files().problem = why;
}

void LayerScanner::take(std::span<const std::byte> bytes) noexcept {
  try {
    while (!over_ && !bytes.empty())
      bytes =
          !sparse_map_ && content_left_ + padding_left_ > 0 ? take_data(bytes) : take_block(bytes);
  } catch (const std::exception& e) {
    fail(e.what());
  }
}

void LayerScanner::end() noexcept {
  const bool between = content_left_ == 0 && in_block_ == 0 && announcing_ == 0 && !sparse_map_;
  if (!over_ && begun_ && !between) fail("its tar is cut off");
  over_ = true;
}

/// Content, and what fills its last block.
std::span<const std::byte> LayerScanner::take_data(std::span<const std::byte> bytes) {
  const auto content = static_cast<size_t>(
      std::min<std::int64_t>(content_left_, static_cast<std::int64_t>(bytes.size())));
  std::string* into = announcing_ != 0 ? &data_ : into_;
  if (into != nullptr) into->append(reinterpret_cast<const char*>(bytes.data()), content);
  content_left_ -= static_cast<std::int64_t>(content);
  bytes = bytes.subspan(content);
  const auto padding = static_cast<size_t>(
      std::min<std::int64_t>(padding_left_, static_cast<std::int64_t>(bytes.size())));
  if (content_left_ == 0) padding_left_ -= static_cast<std::int64_t>(padding);
  if (content_left_ + padding_left_ == 0 && announcing_ != 0) announce();
  return bytes.subspan(padding);
}

std::span<const std::byte> LayerScanner::take_block(std::span<const std::byte> bytes) {
  const size_t n = std::min(bytes.size(), block_.size() - in_block_);
  std::copy_n(bytes.begin(), n, block_.begin() + static_cast<std::ptrdiff_t>(in_block_));
  in_block_ += n;
  if (in_block_ == block_.size()) {
    in_block_ = 0;
    enter(block_);
  }
  return bytes.subspan(n);
}

void LayerScanner::announce() {
  if (announcing_ == 'x') {
    layer_tar::parse_pax(data_, announced_);
  } else if (announcing_ != 'g') {
    data_.resize(std::min(data_.find('\0'), data_.size()));
    (announcing_ == 'L' ? announced_.long_name : announced_.long_link) = data_;
  }
  announcing_ = 0;
}

void LayerScanner::enter(layer_tar::TarBlock block) {
  if (sparse_map_) {
    sparse_map_ = block[kMoreSparse] != std::byte{0};
    return;
  }
  begun_ = true;
  if (layer_tar::is_zero_block(block)) {
    over_ = true;
    return;
  }
  layer_tar::check_header(block);
  const char type = layer_tar::type_of(block);
  const bool announces = type == 'x' || type == 'g' || type == 'L' || type == 'K';
  if (announces) {
    content_left_ = layer_tar::size_of_data(block);
    if (content_left_ > kMaxAnnounced)
      throw Error(Status::corrupt, "it has a header of more than a mebibyte");
    data_.clear();
    announcing_ = type;
    into_ = nullptr;
    if (content_left_ == 0) announce();
  } else {
    const layer_tar::TarEntry entry = layer_tar::make_entry(block, announced_);
    announced_ = {};
    into_ = maker_.add(entry);
    content_left_ = entry.size;
    sparse_map_ = type == 'S' && block[kFirstMoreSparse] != std::byte{0};
  }
  padding_left_ = padding_of(content_left_);
}

std::unique_ptr<Stream> watched(std::unique_ptr<Stream> from, LayerScanner& scanner) {
  return std::make_unique<WatchedStream>(std::move(from), scanner);
}

void scan_all(std::unique_ptr<Stream> from, LayerScanner& scanner) {
  constexpr size_t kPiece = 64 * 1024;
  std::optional<Error> failure;
  try {
    const auto plain = decompress_any(std::make_unique<BlamedStream>(std::move(from), failure));
    std::vector<std::byte> piece(kPiece);
    while (const size_t n = plain->read(piece)) scanner.take(std::span(piece).first(n));
    scanner.end();
  } catch (const Error& e) {
    if (failure) throw *failure;
    scanner.fail(e.message());
  }
}

LayerFiles scan_layer(std::unique_ptr<Stream> from) {
  LayerScanner scanner;
  scan_all(std::move(from), scanner);
  return scanner.take_files();
}

}  // namespace sealos::custom_resources
