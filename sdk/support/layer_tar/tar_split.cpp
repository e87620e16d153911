#include "support/layer_tar/tar_split.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <span>

#include "support/base64/base64.hpp"
#include "support/json/json.hpp"

namespace sealos::layer_tar {
namespace {

constexpr size_t kFirstBuffer = 128 * 1024;
constexpr size_t kMaxLine = size_t{64} << 20;
constexpr std::string_view kCrcOfNothing = "AAAAAAAAAAA=";

/// The scanner of the usual line, whose strings have no escapes.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool take(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }
  /// What stands up to the next quote. False if it holds a backslash.
  bool take_text(std::string_view& into) {
    const size_t end = text_.find('"');
    if (end == std::string_view::npos) return false;
    into = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return into.empty() || std::memchr(into.data(), '\\', into.size()) == nullptr;
  }
  bool take_number(std::int64_t& into) {
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), into);
    if (error != std::errc()) return false;
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    return true;
  }
  bool done() const { return text_.empty(); }

 private:
  std::string_view text_;
};

}  // namespace

TarSplitReader::TarSplitReader(std::unique_ptr<Stream> lines, std::string name)
    : lines_(std::move(lines)), name_(std::move(name)), buffer_(kFirstBuffer) {}

void TarSplitReader::refuse(std::string_view why) const {
  throw Error(Status::corrupt, fmt::format("{}: {}", name_, why));
}

bool TarSplitReader::next(TarSplitEntry& entry) {
  std::string_view line;
  do {
    line = next_line();
    if (line.empty() && at_end_ && begin_ == end_) return false;
  } while (line.empty());
  parse(line, entry);
  if (entry.size < 0) refuse("a file has a negative size");
  return true;
}

std::string_view TarSplitReader::next_line() {
  size_t seen = begin_;
  while (true) {
    if (const void* at = std::memchr(buffer_.data() + seen, '\n', end_ - seen)) {
      const size_t newline = static_cast<size_t>(static_cast<const char*>(at) - buffer_.data());
      const std::string_view line(buffer_.data() + begin_, newline - begin_);
      begin_ = newline + 1;
      return line;
    }
    if (at_end_) {
      const std::string_view line(buffer_.data() + begin_, end_ - begin_);
      begin_ = end_;
      return line;
    }
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == buffer_.size()) {
      if (buffer_.size() >= kMaxLine) refuse("a line is too long");
      buffer_.resize(buffer_.size() * 2);
    }
    seen = end_;
    const size_t n = lines_->read(
        std::as_writable_bytes(std::span(buffer_.data() + end_, buffer_.size() - end_)));
    if (n == 0) at_end_ = true;
    end_ += n;
  }
}

void TarSplitReader::parse(std::string_view line, TarSplitEntry& entry) {
  if (!parse_fast(line, entry)) parse_any(line, entry);
}

// Both Go versions write their keys in this order: type, name, size, payload, position.
bool TarSplitReader::parse_fast(std::string_view line, TarSplitEntry& entry) const {
  Cursor cursor(line);
  std::string_view name, payload;
  std::int64_t type = 0, position = 0;
  entry.size = 0;
  if (!cursor.take("{\"type\":") || !cursor.take_number(type) || !cursor.take(",")) return false;
  if (cursor.take("\"name\":\"") && (!cursor.take_text(name) || !cursor.take(","))) return false;
  if (cursor.take("\"size\":") && (!cursor.take_number(entry.size) || !cursor.take(",")))
    return false;
  if (!cursor.take("\"payload\":")) return false;
  if (!cursor.take("null") && (!cursor.take("\"") || !cursor.take_text(payload))) return false;
  if (!cursor.take(",\"position\":") || !cursor.take_number(position) || !cursor.take("}") ||
      !cursor.done()) {
    return false;
  }
  if (type == 1 ? name.empty() : type != 2) return false;
  entry.is_file = type == 1;
  entry.name = name;
  entry.crc_zero = payload == kCrcOfNothing;
  entry.payload = payload;
  return true;
}

void TarSplitReader::parse_any(std::string_view line, TarSplitEntry& entry) {
  try {
    const Json object = Json::parse(line);
    const std::int64_t type = object.at("type").integer("type");
    if (type != 1 && type != 2) refuse("an entry is of an unknown type");
    entry.is_file = type == 1;
    const Json* size = object.find("size");
    entry.size = size == nullptr ? 0 : size->integer("size");
    entry.name = object.text_at("name");
    if (const std::string raw = object.text_at("name_raw"); !raw.empty()) {
      entry.name.clear();
      if (!append_from_base64(entry.name, raw)) refuse("a name is not base64");
    }
    kept_ = object.text_at("payload");
    entry.payload = kept_;
    entry.crc_zero = kept_ == kCrcOfNothing;
  } catch (const Error& e) {
    if (e.status() == Status::corrupt) throw;
    refuse(e.what());
  }
}

}  // namespace sealos::layer_tar
