#include "support/layer_tar/tar_split_writer.hpp"

#include <fmt/format.h>
#include <libdeflate.h>

#include <array>
#include <iterator>

#include "support/base64/base64.hpp"

namespace sealos::layer_tar {
namespace {

constexpr size_t kMaxSegment = size_t{1} << 20;
constexpr size_t kMember = 256 * 1024;

bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    size_t more = lead < 0x80 ? 0 : lead < 0xc2 ? 9 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (more == 9 || lead > 0xf4 || i + more >= text.size() + (more == 0 ? 1 : 0)) return false;
    for (size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    if (more >= 2) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
          (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
        return false;
      }
    }
    i += more + 1;
  }
  return true;
}

void append_text(std::string& to, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      to += c;
    }
  }
}

}  // namespace

void TarSplitWriter::Free::operator()(libdeflate_compressor* compressor) const {
  ::libdeflate_free_compressor(compressor);
}

TarSplitWriter::TarSplitWriter(int file, std::string name, int level)
    : file_(file), name_(std::move(name)), compressor_(::libdeflate_alloc_compressor(level)) {
  if (compressor_ == nullptr) throw Error(Status::internal, "libdeflate cannot start");
}

TarSplitWriter::~TarSplitWriter() = default;

void TarSplitWriter::raw(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const size_t n = std::min(bytes.size(), kMaxSegment - segment_.size());
    segment_.append(reinterpret_cast<const char*>(bytes.data()), n);
    bytes = bytes.subspan(n);
    if (segment_.size() == kMaxSegment) end_segment();
  }
}

void TarSplitWriter::end_segment() {
  if (segment_.empty()) return;
  lines_ += "{\"type\":2,\"payload\":\"";
  append_base64(lines_, segment_);
  lines_ += '"';
  segment_.clear();
  end_line();
}

void TarSplitWriter::file(std::string_view name, std::int64_t size, std::uint64_t crc) {
  end_segment();
  const bool text = is_utf8(name);
  lines_ += text ? "{\"type\":1,\"name\":\"" : "{\"type\":1,\"name_raw\":\"";
  if (text) {
    append_text(lines_, name);
  } else {
    append_base64(lines_, name);
  }
  lines_ += '"';
  if (size > 0) {
    std::string big_endian(8, 0);
    for (size_t i = 0; i < 8; ++i) big_endian[i] = static_cast<char>(crc >> (56 - 8 * i));
    fmt::format_to(std::back_inserter(lines_), ",\"size\":{},\"payload\":\"", size);
    append_base64(lines_, big_endian);
    lines_ += '"';
  } else {
    lines_ += ",\"payload\":null";
  }
  end_line();
}

void TarSplitWriter::end_line() {
  fmt::format_to(std::back_inserter(lines_), ",\"position\":{}}}\n", position_++);
  if (lines_.size() >= kMember) compress();
}

/// Each piece is a member of its own, which every reader of gzip reads as one.
void TarSplitWriter::compress() {
  packed_.resize(::libdeflate_gzip_compress_bound(compressor_.get(), lines_.size()));
  const size_t size = ::libdeflate_gzip_compress(compressor_.get(), lines_.data(), lines_.size(),
                                                 packed_.data(), packed_.size());
  if (size == 0) throw Error(Status::internal, "libdeflate failed to compress");
  write_all(file_, std::string_view(packed_).substr(0, size), name_);
  lines_.clear();
}

void TarSplitWriter::finish() {
  end_segment();
  if (position_ == 0 || !lines_.empty()) compress();
}

}  // namespace sealos::layer_tar
