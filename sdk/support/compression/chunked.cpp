#include "support/compression/chunked.hpp"

#include <fmt/format.h>
#include <isa-l/crc64.h>

#include <algorithm>
#include <functional>

#include "support/compression/chunk_compressor.hpp"
#include "support/compression/chunked_tables.hpp"
#include "support/compression/feed.hpp"
#include "support/compression/pipeline.hpp"
#include "support/compression/pool.hpp"
#include "support/compression/rolling_sum.hpp"
#include "support/digest/hasher.hpp"
#include "support/layer_tar/name_set.hpp"

namespace sealos {
namespace compression {
namespace {

constexpr size_t kBlock = 1 << 20;
constexpr size_t kMostChunk = 1 << 20;
/// Readers refuse tables that are longer than this once they are unpacked. What has no tables is
/// read as a whole.
constexpr std::uint64_t kMostTable = std::uint64_t{150} << 20;
constexpr size_t kMostMembers = 1500000;  // far more than such a table has room for

/// One zstd frame: bytes of the tar between contents, or a piece of a file's content.
struct Frame {
  size_t size = 0, packed = 0;
  bool content = false, last = false;
  std::optional<Json> file;   // with the first piece
  std::string digest;         // of the piece
  std::string whole_digest;   // with the last of several pieces
  std::vector<Json> empties;  // members without content, whose headers stand here
};

struct Frames final : BlockExtra {
  std::vector<Frame> all;
};

std::vector<Frame>& frames_of(Block& block) { return static_cast<Frames&>(*block.extra).all; }

class ChunkedWork final : public BlockWork {
 public:
  ChunkedWork(std::unique_ptr<Stream> from, std::optional<int> level)
      : feed_(std::move(from), stopped), level_(level) {}

  bool fill(Block& block) override;
  void work(Block& block) override;
  void finish(Block& block) override;
  /// After the last block.
  std::string tail(Annotations& annotations) {
    if (!describable_ || toc_.text().plain_size() > kMostTable) return {};
    return chunked_tail(offset_, toc_, tar_split_.text(), annotations);
  }

 private:
  size_t take_raw(Block& block, size_t n);
  void take_header(Block& block);
  void take_member(Block& block);
  void take_rest(Block& block);
  void take_content(Block& block);
  void end_piece(Frame& frame, std::span<const std::byte> bytes);
  void flush_segment();

  // What fill alone uses.
  Feed feed_;
  TarHeaderReader headers_;
  std::string segment_;  // of the tar-split, not written yet
  size_t padding_ = 0;   // before the next header
  layer_tar::NameSet names_;
  size_t members_ = 0;
  TarEntry file_;
  std::int64_t left_ = 0;  // of the content of file_
  std::optional<Json> description_;
  std::optional<Hasher> hasher_;  // of content that is in several pieces
  RollingSum sum_;
  std::uint64_t crc_ = 0;
  bool open_ = false;  // the last frame goes on
  bool first_ = true, rest_ = false, ended_ = false, describable_ = true;

  const std::optional<int> level_;
  TarSplitWriter tar_split_;
  Pool<ChunkCompressor> compressors_;

  // What finish alone uses.
  TocWriter toc_;
  std::uint64_t offset_ = 0;
  std::optional<Json> current_;
  std::vector<ContentChunk> chunks_;
};

bool ChunkedWork::fill(Block& block) {
  block.extra = std::make_unique<Frames>();
  std::vector<Frame>& frames = frames_of(block);
  while (!ended_ && (block.in.size() < kBlock || open_)) {
    if (left_ > 0) {
      take_content(block);
    } else if (rest_) {
      take_rest(block);
    } else {
      take_header(block);
    }
  }
  if (first_ && frames.empty()) frames.emplace_back();  // nothing at all is one empty frame
  first_ = false;
  return !frames.empty();
}

/// Up to n bytes that are no content, to the block and to the tar-split's segment.
size_t ChunkedWork::take_raw(Block& block, size_t n) {
  if (n == 0) return 0;
  std::vector<Frame>& frames = frames_of(block);
  if (frames.empty() || frames.back().content) frames.emplace_back();
  const size_t before = block.in.size();
  feed_.take(n, block.in);
  const auto taken = block.in.bytes().subspan(before);
  frames.back().size += taken.size();
  segment_.append(reinterpret_cast<const char*>(taken.data()), taken.size());
  return taken.size();
}

void ChunkedWork::flush_segment() {
  if (tar_split_.text().plain_size() > kMostTable) describable_ = false;
  if (describable_ && !segment_.empty()) tar_split_.segment(segment_);
  segment_.clear();
}

void ChunkedWork::take_header(Block& block) {
  if (take_raw(block, padding_) < padding_) describable_ = false;
  padding_ = 0;
  const size_t n = take_raw(block, kTarBlock);
  if (n < kTarBlock) {
    ended_ = true;
    describable_ = describable_ && n == 0;
    return flush_segment();
  }
  switch (headers_.take(block.in.bytes().last(kTarBlock))) {
    case TarHeaderReader::Next::header:
      return take_member(block);
    case TarHeaderReader::Next::extension: {
      const auto size = static_cast<size_t>(headers_.extension_size());
      const size_t at = block.in.size();
      const bool whole = take_raw(block, size) == size;
      const auto bytes = block.in.bytes().subspan(at);
      if (!whole ||
          !headers_.take_extension({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) {
        describable_ = false;
        rest_ = true;
      }
      padding_ = (kTarBlock - size % kTarBlock) % kTarBlock;
      return;
    }
    case TarHeaderReader::Next::foreign:
      describable_ = false;
      [[fallthrough]];
    case TarHeaderReader::Next::end:
      rest_ = true;
      flush_segment();
  }
}

void ChunkedWork::take_member(Block& block) {
  flush_segment();
  file_ = headers_.entry();
  description_ = file_.describe();
  if (!description_ || !describable_ || ++members_ > kMostMembers) {
    describable_ = false;
    rest_ = true;
    return;
  }
  if (!names_.insert(std::hash<std::string>()(file_.name))) describable_ = false;
  if (!file_.is_file() || file_.size == 0) {
    tar_split_.file(file_.name, file_.size, 0);
    frames_of(block).back().empties.push_back(*std::move(description_));
    return;
  }
  left_ = file_.size;
  padding_ = (kTarBlock - static_cast<size_t>(file_.size) % kTarBlock) % kTarBlock;
  hasher_.reset();
  sum_ = RollingSum();
  crc_ = 0;
}

/// What stands after the last member: zeros, if it is a tar archive.
void ChunkedWork::take_rest(Block& block) {
  const size_t n = take_raw(block, kBlock);
  if (n % kTarBlock != 0) describable_ = false;
  flush_segment();
  if (n < kBlock) ended_ = true;
}

/// Up to the next cut, or what is there of it.
void ChunkedWork::take_content(Block& block) {
  std::vector<Frame>& frames = frames_of(block);
  const auto ready = feed_.peek(1);
  if (ready.empty()) {  // cut off
    describable_ = open_ = false;
    ended_ = true;
    left_ = 0;
    return;
  }
  if (!open_) {
    Frame frame;
    frame.content = true;
    if (description_) frame.file.swap(description_);
    frames.push_back(std::move(frame));
    open_ = true;
  }
  size_t& size = frames.back().size;
  const auto most = std::min<std::uint64_t>(static_cast<std::uint64_t>(left_), kMostChunk - size);
  bool cut = false;
  const size_t n = sum_.scan(ready.first(std::min<std::uint64_t>(ready.size(), most)), cut);
  const auto bytes = ready.first(n);
  crc_ = ::crc64_iso_refl(crc_, reinterpret_cast<const unsigned char*>(bytes.data()), n);
  feed_.take(n, block.in);
  size += n;
  left_ -= static_cast<std::int64_t>(n);
  if (!cut && size < kMostChunk && left_ > 0) return;
  open_ = false;
  end_piece(frames.back(), block.in.bytes().last(size));
}

void ChunkedWork::end_piece(Frame& frame, std::span<const std::byte> bytes) {
  if (!describable_) return;
  frame.last = left_ == 0;
  const bool alone = frame.file && frame.last;
  if (!alone) {
    if (!hasher_) hasher_.emplace();
    hasher_->update(bytes);
    if (frame.last) frame.whole_digest = hasher_->finish().str();
  }
  if (frame.last) tar_split_.file(file_.name, file_.size, crc_);
}

void ChunkedWork::work(Block& block) {
  ChunkCompressor compressor = compressors_.take([this] { return ChunkCompressor(level_); });
  std::span<const std::byte> in = block.in.bytes();
  size_t bound = 0;
  for (const Frame& frame : frames_of(block)) bound += ZSTD_compressBound(frame.size);
  block.out.room(bound);
  for (Frame& frame : frames_of(block)) {
    const auto bytes = in.first(frame.size);
    in = in.subspan(frame.size);
    const auto room = block.out.room(ZSTD_compressBound(frame.size));
    frame.packed = compressor.compress(bytes, room);
    block.out.grow(frame.packed);
    if (!frame.content) continue;
    Hasher hasher;
    hasher.update(bytes);
    frame.digest = hasher.finish().str();
  }
  compressors_.give_back(std::move(compressor));
}

void ChunkedWork::finish(Block& block) {
  for (Frame& frame : frames_of(block)) {
    const std::uint64_t begin = offset_;
    offset_ += frame.packed;
    if (toc_.text().plain_size() > kMostTable) continue;
    for (const Json& entry : frame.empties) toc_.empty(entry);
    if (!frame.content) continue;
    if (frame.file) {
      current_ = std::move(frame.file);
      chunks_.clear();
    }
    chunks_.push_back({begin, frame.size, std::move(frame.digest)});
    if (!frame.last) continue;
    const std::string& whole = chunks_.size() == 1 ? chunks_[0].digest : frame.whole_digest;
    toc_.file(*std::move(current_), chunks_, whole, offset_);
  }
}

class Chunked final : public ChunkedStream {
 public:
  Chunked(std::unique_ptr<ChunkedWork> work, unsigned threads)
      : work_(*work), pipeline_(std::move(work), threads, 2) {}

  size_t read(std::span<std::byte> into) override {
    if (!ended_) {
      if (const size_t n = pipeline_.read(into)) return n;
      tail_ = work_.tail(annotations_);
      ended_ = true;
    }
    const size_t n = std::min(into.size(), tail_.size() - at_);
    std::copy_n(std::as_bytes(std::span(tail_)).begin() + static_cast<std::ptrdiff_t>(at_), n,
                into.begin());
    at_ += n;
    return n;
  }
  std::vector<std::pair<std::string, std::string>> annotations() const override {
    return annotations_;
  }

 private:
  ChunkedWork& work_;
  Pipeline pipeline_;
  std::string tail_;
  size_t at_ = 0;
  bool ended_ = false;
  Annotations annotations_;
};

}  // namespace
}  // namespace compression

std::unique_ptr<ChunkedStream> compress_chunked(std::unique_ptr<Stream> from,
                                                const CompressOptions& options) {
  if (options.level) checked_level(Compression::zstd, options);
  auto work = std::make_unique<compression::ChunkedWork>(std::move(from), options.level);
  return std::make_unique<compression::Chunked>(std::move(work), options.threads);
}

}  // namespace sealos
