#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "support/compression/compression.hpp"
#include "support/compression/decoder.hpp"
#include "support/compression/pipeline.hpp"

namespace sealos {
namespace compression {
namespace {

// What is decoded in one go where members cannot be told apart beforehand.
constexpr size_t kPiece = 256 * 1024;
// More than two threads of this kind are faster than what reads the stream.
constexpr unsigned kMostThreads = 4;

/// Small members go to `work`, several at once; all others are decoded while they are read.
class DecompressWork final : public BlockWork {
 public:
  DecompressWork(std::unique_ptr<Stream> from, Compression kind, std::unique_ptr<Decoder> decoder)
      : feed_(std::move(from), stopped), kind_(kind), decoder_(std::move(decoder)) {}

  bool fill(Block& block) override {
    block.plain = 0;
    while (block.out.empty()) {
      if (!inside_) {
        if (!decoder_->find_member(feed_)) {
          if (!any_) throw_corrupt(kind_, "is empty");
          return false;
        }
        any_ = true;
        if (take_members(block)) return true;
        decoder_->begin();
        inside_ = true;
      }
      decode_piece(block.out);
    }
    return true;
  }

  void work(Block& block) override {
    if (!block.in.empty()) decoder_->decode_whole(block.in.bytes(), block.out, block.plain);
  }

 private:
  bool take_members(Block& block) {
    do {
      const auto plain = decoder_->take_whole(feed_, block.in, block.plain);
      if (!plain) break;
      block.plain += *plain;
    } while (block.in.size() < kPiece && block.plain < kPiece && decoder_->find_member(feed_));
    return !block.in.empty();
  }

  void decode_piece(Buffer& out) {
    std::span<std::byte> room = out.room(kPiece);
    while (inside_ && !room.empty()) {
      std::span<const std::byte> in = feed_.peek(1);
      const bool at_end = in.empty();
      const size_t before = in.size(), space = room.size();
      if (decoder_->decode(in, room)) inside_ = false;
      feed_.skip(before - in.size());
      const bool idle = in.size() == before && room.size() == space;
      if (inside_ && idle) throw_corrupt(kind_, at_end ? "is cut off" : "is damaged");
    }
    out.grow(kPiece - room.size());
  }

  Feed feed_;
  const Compression kind_;
  std::unique_ptr<Decoder> decoder_;
  bool inside_ = false, any_ = false;
};

std::unique_ptr<Decoder> decoder_of(Compression kind) {
  switch (kind) {
    case Compression::gzip:
      return gzip_decoder();
    case Compression::zstd:
      return zstd_decoder();
    case Compression::xz:
      return xz_decoder();
    case Compression::bzip2:
      return bzip2_decoder();
    case Compression::none:
      break;
  }
  return nullptr;
}

}  // namespace

void throw_corrupt(Compression kind, const char* what) {
  throw Error(Status::corrupt, fmt::format("the {} stream {}", name_of(kind), what));
}

}  // namespace compression

std::unique_ptr<Stream> decompress(std::unique_ptr<Stream> from, Compression kind,
                                   unsigned threads) {
  if (kind == Compression::none) return from;
  const bool members = kind == Compression::gzip || kind == Compression::zstd;
  if (threads == 0)
    threads = std::clamp(std::thread::hardware_concurrency(), 1U, compression::kMostThreads);
  auto work = std::make_unique<compression::DecompressWork>(std::move(from), kind,
                                                            compression::decoder_of(kind));
  return std::make_unique<compression::Pipeline>(std::move(work), members ? threads : 1, 1);
}

}  // namespace sealos
