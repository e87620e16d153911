// The two tables at the end of a zstd:chunked layer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/compression/buffer.hpp"
#include "support/compression/tar_entry.hpp"
#include "support/compression/zstd_context.hpp"

namespace sealos::compression {

/// Text that is compressed while it is written.
class ZstdText {
 public:
  ZstdText();
  void add(std::string_view text) { put(text, false); }
  void finish() { put({}, true); }
  std::span<const std::byte> packed() const { return packed_.bytes(); }
  std::uint64_t plain_size() const { return plain_; }

 private:
  void put(std::string_view text, bool last);

  ZstdCompressor context_;
  Buffer packed_;
  std::uint64_t plain_ = 0;
};

/// A tar-split: the bytes of a tar between its files, a JSON object a line (vbatts/tar-split,
/// tar/storage/entry.go).
class TarSplitWriter {
 public:
  void segment(std::string_view bytes);
  /// crc: CRC-64/GO-ISO of the content; only looked at if size is not 0.
  void file(const std::string& name, std::int64_t size, std::uint64_t crc);
  ZstdText& text() { return text_; }

 private:
  ZstdText text_;
  int position_ = 0;
};

/// Where one piece of a file's content is.
struct ContentChunk {
  std::uint64_t offset, size;
  std::string digest;
};

class TocWriter {
 public:
  TocWriter() { text_.add(R"({"version":1,"entries":[)"); }
  void empty(const Json& entry) { add(entry); }
  /// digest: of the whole content, which ends before `end`.
  void file(Json entry, const std::vector<ContentChunk>& chunks, const std::string& digest,
            std::uint64_t end);
  void finish(const std::string& tar_split_digest);
  const ZstdText& text() const { return text_; }

 private:
  void add(const Json& entry);

  ZstdText text_;
  bool first_ = true;
};

using Annotations = std::vector<std::pair<std::string, std::string>>;

/// What follows the frames, which have `offset` bytes, and its annotations.
std::string chunked_tail(std::uint64_t offset, TocWriter& toc, ZstdText& tar_split,
                         Annotations& annotations);

}  // namespace sealos::compression
