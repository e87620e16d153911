#include "support/compression/chunked_tables.hpp"

#include <fmt/format.h>

#include <new>

#include "support/base64/base64.hpp"
#include "support/compression/gzip_format.hpp"
#include "support/digest/hasher.hpp"

namespace sealos::compression {
namespace {

constexpr std::uint32_t kSkippable = 0x184D2A50;
constexpr size_t kSkippableHead = 8;
constexpr std::uint64_t kTypeCrfs = 1;
// Half of what stands in the tables are digests, and base64 of headers is most of the rest. Short
// matches in those cost more than they save: only what is as long as this counts, and then the
// quickest search makes the tables a sixteenth smaller than level 4 does, in half of the time.
// There are two tables for each layer in work, all the time, hence a small window.
constexpr int kTableMatch = 7, kTableHashLog = 15, kTableWindowLog = 19;

std::string le(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string_view view(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append_skippable(std::string& to, std::string_view bytes) {
  if (bytes.size() > UINT32_MAX)
    throw Error(Status::unsupported, "the layer has too many files for zstd:chunked");
  to += le(kSkippable, 4) + le(bytes.size(), 4);
  to += bytes;
}

}  // namespace

ZstdText::ZstdText() : context_(ZSTD_createCCtx()) {
  if (!context_) throw std::bad_alloc();
  const auto set = [&](ZSTD_cParameter parameter, int value) {
    checked_zstd(ZSTD_CCtx_setParameter(context_.get(), parameter, value));
  };
  set(ZSTD_c_strategy, ZSTD_fast);
  set(ZSTD_c_minMatch, kTableMatch);
  set(ZSTD_c_hashLog, kTableHashLog);
  set(ZSTD_c_windowLog, kTableWindowLog);
}

void ZstdText::put(std::string_view text, bool last) {
  plain_ += text.size();
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  while (true) {
    const std::span<std::byte> room = packed_.room(64 * 1024);
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const size_t left =
        ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left))
      throw Error(Status::internal,
                  fmt::format("compressing a table: {}", ZSTD_getErrorName(left)));
    packed_.grow(out.pos);
    if (last ? left == 0 : in.pos == in.size) return;
  }
}

void TarSplitWriter::segment(std::string_view bytes) {
  text_.add(fmt::format(R"({{"type":2,"payload":"{}","position":{}}})"
                        "\n",
                        encode_base64(bytes), position_++));
}

void TarSplitWriter::file(const std::string& name, std::int64_t size, std::uint64_t crc) {
  std::string sum;
  for (int i = 7; i >= 0; --i) sum += static_cast<char>(crc >> (8 * i));
  Json entry = Json::object({{"type", 1}});
  if (!name.empty()) entry.set("name", name);
  if (size != 0) entry.set("size", size);
  entry.set("payload", size == 0 ? Json() : Json(encode_base64(sum)));
  entry.set("position", position_++);
  text_.add(entry.dump() + "\n");
}

void TocWriter::add(const Json& entry) {
  text_.add((first_ ? "" : ",") + entry.dump());
  first_ = false;
}

void TocWriter::file(Json entry, const std::vector<ContentChunk>& chunks, const std::string& digest,
                     std::uint64_t end) {
  const auto number = [](std::uint64_t value) { return Json(static_cast<std::int64_t>(value)); };
  entry.set("digest", digest);
  entry.set("offset", number(chunks.front().offset));
  entry.set("endOffset", number(end));
  if (chunks.size() > 1) {
    entry.set("chunkSize", number(chunks.front().size));
    entry.set("chunkDigest", chunks.front().digest);
  }
  add(entry);
  std::uint64_t at = chunks.front().size;
  for (size_t i = 1; i < chunks.size(); ++i) {
    add(Json::object({{"type", "chunk"},
                      {"name", entry.text_at("name")},
                      {"offset", number(chunks[i].offset)},
                      {"chunkSize", number(chunks[i].size)},
                      {"chunkOffset", number(at)},
                      {"chunkDigest", chunks[i].digest}}));
    at += chunks[i].size;
  }
}

void TocWriter::finish(const std::string& tar_split_digest) {
  text_.add(R"(],"tarSplitDigest":")" + tar_split_digest + "\"}");
  text_.finish();
}

std::string chunked_tail(std::uint64_t offset, TocWriter& toc, ZstdText& tar_split,
                         Annotations& annotations) {
  tar_split.finish();
  const std::string_view split = view(tar_split.packed());
  toc.finish(digest_of(split).str());
  const std::string_view table = view(toc.text().packed());
  const std::uint64_t toc_at = offset + kSkippableHead;
  const std::uint64_t split_at = toc_at + table.size() + kSkippableHead;
  const std::string prefix = "io.github.containers.zstd-chunked.";
  annotations = {
      {prefix + "manifest-checksum", digest_of(table).str()},
      {prefix + "manifest-position",
       fmt::format("{}:{}:{}:{}", toc_at, table.size(), toc.text().plain_size(), kTypeCrfs)},
      {prefix + "tarsplit-position",
       fmt::format("{}:{}:{}", split_at, split.size(), tar_split.plain_size())},
  };
  std::string tail;
  append_skippable(tail, table);
  append_skippable(tail, split);
  append_skippable(tail, le(toc_at, 8) + le(table.size(), 8) + le(toc.text().plain_size(), 8) +
                             le(kTypeCrfs, 8) + le(split_at, 8) + le(split.size(), 8) +
                             le(tar_split.plain_size(), 8) + "GNUlInUx");
  return tail;
}

}  // namespace sealos::compression
