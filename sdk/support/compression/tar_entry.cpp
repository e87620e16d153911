#include "support/compression/tar_entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "support/base64/base64.hpp"

namespace sealos::compression {
namespace {

constexpr std::int64_t kLastSecond = 253402300799;  // of the year 9999
constexpr std::int64_t kMostExtension = 1 << 20;
constexpr std::string_view kXattr = "SCHILY.xattr.";

std::string_view text_of(std::string_view field) { return field.substr(0, field.find('\0')); }

/// Octal, or base 256 where the first bit is set.
std::optional<std::int64_t> number(std::string_view field) {
  const auto first = static_cast<unsigned char>(field[0]);
  if (first & 0x80) {
    if (first & 0x40) return std::nullopt;  // negative
    std::uint64_t value = first & 0x3f;
    for (const char c : field.substr(1)) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return static_cast<std::int64_t>(value);
  }
  const size_t begin = field.find_first_not_of(std::string_view(" \0", 2));
  if (begin == std::string_view::npos) return 0;
  field.remove_prefix(begin);
  field = field.substr(0, field.find_first_of(std::string_view(" \0", 2)));
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
  if (problem != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> decimal(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "1700000000.123456789"
std::optional<TarTime> pax_time(std::string_view text) {
  const size_t dot = text.find('.');
  const auto seconds = decimal(text.substr(0, dot));
  if (!seconds || *seconds < 0) return std::nullopt;
  TarTime time{*seconds, 0};
  if (dot == std::string_view::npos) return time;
  std::string fraction(text.substr(dot + 1));
  if (fraction.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  fraction.resize(9, '0');
  time.nanoseconds = decimal(fraction).value_or(0);
  return time;
}

std::optional<std::string> time_text(const TarTime& time) {
  if (time.seconds < 0 || time.seconds > kLastSecond) return std::nullopt;
  const time_t seconds = time.seconds;
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                  parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (time.nanoseconds != 0) {
    text += fmt::format(".{:09}", time.nanoseconds);
    while (text.back() == '0') text.pop_back();
  }
  return text + "Z";
}

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t length = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return false;
    std::uint32_t value = length == 1 ? c : c & (0x7f >> length);
    for (size_t k = 1; k < length; ++k) {
      const auto d = static_cast<unsigned char>(text[i + k]);
      if ((d & 0xc0) != 0x80) return false;
      value = value << 6 | (d & 0x3f);
    }
    static constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < kLeast[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
      return false;
    i += length;
  }
  return true;
}

const char* type_name(char type) {
  switch (type) {
    case '0':
      return "reg";
    case '1':
      return "hardlink";
    case '2':
      return "symlink";
    case '3':
      return "char";
    case '4':
      return "block";
    case '5':
      return "dir";
    case '6':
      return "fifo";
    default:
      return nullptr;
  }
}

bool checksum_fits(std::string_view block) {
  const auto stored = number(block.substr(148, 8));
  std::int64_t plain = 0, with_sign = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : block[i];
    plain += static_cast<unsigned char>(c);
    with_sign += static_cast<signed char>(c);
  }
  return stored && (*stored == plain || *stored == with_sign);
}

/// The header alone. False: it says something that is not understood.
bool parse_block(std::string_view block, TarEntry& entry) {
  const bool gnu = block.substr(257, 8) == std::string_view("ustar  \0", 8);
  const bool ustar = !gnu && block.substr(257, 6) == std::string_view("ustar\0", 6);
  if (ustar && block.substr(508, 4) == std::string_view("tar\0", 4)) return false;  // star's own
  entry.name = text_of(block.substr(0, 100));
  entry.link = text_of(block.substr(157, 100));
  const auto mode = number(block.substr(100, 8)), uid = number(block.substr(108, 8)),
             gid = number(block.substr(116, 8)), size = number(block.substr(124, 12)),
             modified = number(block.substr(136, 12));
  if (!mode || !uid || !gid || !size || !modified) return false;
  entry.mode = *mode, entry.uid = *uid, entry.gid = *gid, entry.size = *size;
  entry.modified.seconds = *modified;
  entry.type = block[156];
  if (ustar || gnu) {
    const auto major = number(block.substr(329, 8)), minor = number(block.substr(337, 8));
    if (!major || !minor) return false;
    entry.major = *major, entry.minor = *minor;
  }
  const std::string_view prefix = text_of(block.substr(345, 155));
  if (ustar && !prefix.empty()) entry.name = std::string(prefix) + "/" + entry.name;
  if (gnu && block[345] != '\0') {
    const auto accessed = number(block.substr(345, 12));
    if (!accessed) return false;
    entry.accessed = TarTime{*accessed, 0};
  }
  if (gnu && block[357] != '\0') {
    const auto changed = number(block.substr(357, 12));
    if (!changed) return false;
    entry.changed = TarTime{*changed, 0};
  }
  return true;
}

}  // namespace

std::optional<Json> TarEntry::describe() const {
  const char* known = type_name(type);
  if (known == nullptr || (!is_file() && size != 0)) return std::nullopt;
  if (!is_utf8(name) || !is_utf8(link)) return std::nullopt;
  Json json = Json::object({{"type", known}, {"name", name}});
  if (!link.empty()) json.set("linkName", link);
  const auto set = [&](const char* key, std::int64_t value) {
    if (value != 0) json.set(key, value);
  };
  set("mode", mode), set("size", size), set("uid", uid), set("gid", gid);
  const auto set_time = [&](const char* key, const std::optional<TarTime>& time) {
    if (!time) return true;
    const auto text = time_text(*time);
    if (text) json.set(key, *text);
    return text.has_value();
  };
  if (!set_time("modtime", modified) || !set_time("accesstime", accessed) ||
      !set_time("changetime", changed))
    return std::nullopt;
  set("devMajor", major), set("devMinor", minor);
  if (!xattrs.empty()) {
    Json all = Json::object();
    for (const auto& [key, value] : xattrs) {
      if (!is_utf8(key)) return std::nullopt;
      all.set(key, encode_base64(value));
    }
    json.set("xattrs", std::move(all));
  }
  return json;
}

TarHeaderReader::Next TarHeaderReader::take(std::span<const std::byte> bytes) {
  const std::string_view block(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (block.find_first_not_of('\0') == std::string_view::npos) {
    return extension_ == 0 ? Next::end : Next::foreign;
  }
  TarEntry entry;
  if (!checksum_fits(block) || !parse_block(block, entry)) return Next::foreign;
  if (entry.type == 'x' || entry.type == 'L' || entry.type == 'K') {
    if (entry.size > kMostExtension) return Next::foreign;
    extension_ = entry.type;
    extension_size_ = entry.size;
    return Next::extension;
  }
  entry_ = std::move(entry);
  for (const auto& [key, value] : pax_) {
    if (!take_pax(key, value)) return Next::foreign;
  }
  if (!long_name_.empty()) entry_.name = long_name_;
  if (!long_link_.empty()) entry_.link = long_link_;
  if (entry_.type == '\0') entry_.type = entry_.name.ends_with('/') ? '5' : '0';
  extension_ = 0;
  long_name_.clear();
  long_link_.clear();
  pax_.clear();
  return Next::header;
}

bool TarHeaderReader::take_extension(std::string_view bytes) {
  if (extension_ == 'L') long_name_ = text_of(bytes);
  if (extension_ == 'K') long_link_ = text_of(bytes);
  if (extension_ != 'x') return true;
  while (!bytes.empty()) {
    const size_t blank = bytes.find(' ');
    const auto length = decimal(bytes.substr(0, blank));
    if (blank == std::string_view::npos || !length || *length <= static_cast<std::int64_t>(blank) ||
        *length > static_cast<std::int64_t>(bytes.size()))
      return false;
    std::string_view record = bytes.substr(blank + 1, static_cast<size_t>(*length) - blank - 1);
    bytes.remove_prefix(static_cast<size_t>(*length));
    const size_t equals = record.find('=');
    if (!record.ends_with('\n') || equals == std::string_view::npos) return false;
    record.remove_suffix(1);
    pax_.insert_or_assign(std::string(record.substr(0, equals)),
                          std::string(record.substr(equals + 1)));
  }
  return true;
}

/// False: it is not understood.
bool TarHeaderReader::take_pax(std::string_view key, std::string_view value) {
  const auto set = [&](std::int64_t& to) {
    const auto parsed = decimal(value);
    if (parsed) to = *parsed;
    return parsed && *parsed >= 0;
  };
  if (key.starts_with(kXattr)) {
    entry_.xattrs.insert_or_assign(std::string(key.substr(kXattr.size())), std::string(value));
    return true;
  }
  if (key.starts_with("GNU.sparse.")) return false;
  if (value.empty()) return true;
  if (key == "path") entry_.name = value;
  if (key == "linkpath") entry_.link = value;
  if (key == "size") return set(entry_.size);
  if (key == "uid") return set(entry_.uid);
  if (key == "gid") return set(entry_.gid);
  if (key != "mtime" && key != "atime" && key != "ctime") return true;
  const auto time = pax_time(value);
  if (!time) return false;
  if (key == "mtime") entry_.modified = *time;
  if (key == "atime") entry_.accessed = time;
  if (key == "ctime") entry_.changed = time;
  return true;
}

}  // namespace sealos::compression
