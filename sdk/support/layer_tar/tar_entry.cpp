#include "support/layer_tar/tar_entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "sealos/sdk/error.hpp"

namespace sealos::layer_tar {
namespace {

constexpr size_t kMaxSparseParts = 1 << 20;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Status::corrupt, "the layer is no tar that can be read: " + why);
}

std::string_view field(TarBlock block, size_t at, size_t length) {
  return {reinterpret_cast<const char*>(block.data()) + at, length};
}

std::string_view text_field(TarBlock block, size_t at, size_t length) {
  const std::string_view whole = field(block, at, length);
  return whole.substr(0, whole.find('\0'));
}

/// Octal text, or GNU's big-endian two's complement whose first bit is set.
std::int64_t number(std::string_view text) {
  if (!text.empty() && (static_cast<unsigned char>(text[0]) & 0x80) != 0) {
    const bool negative = (text[0] & 0x40) != 0;
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (size_t i = 0; i < text.size(); ++i) {
      auto byte = static_cast<unsigned char>(text[i]);
      if (i == 0) byte = negative ? byte : static_cast<unsigned char>(byte & 0x7f);
      if (i + 8 < text.size() && byte != (negative ? 0xff : 0)) refuse("a number is too large");
      value = (value << 8) | byte;
    }
    return static_cast<std::int64_t>(value);
  }
  while (!text.empty() && (text.front() == ' ' || text.front() == '\0')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  text = text.substr(0, text.find('\0'));
  if (text.empty()) return 0;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size() ||
      value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    refuse(fmt::format("\"{}\" is no octal number", printable(text)));
  }
  return static_cast<std::int64_t>(value);
}

std::uint32_t small(std::int64_t value, const char* what) {
  if (value < 0 || value >= std::numeric_limits<std::uint32_t>::max())
    refuse(fmt::format("{} {} is out of range", what, value));
  return static_cast<std::uint32_t>(value);
}

std::int64_t decimal(const std::string& value, const char* what) {
  const auto parsed = parse_decimal(value);
  if (!parsed) refuse(fmt::format("{} \"{}\" is no number", what, printable(value)));
  return *parsed;
}

/// "seconds.fraction"; what is before 1970 becomes its first second.
timespec time_of(const std::string& text) {
  const size_t point = text.find('.');
  std::string_view seconds = std::string_view(text).substr(0, point);
  if (seconds.starts_with('-')) return {};
  timespec out{};
  const auto parsed = parse_decimal(seconds);
  if (!parsed) refuse(fmt::format("\"{}\" is no time", printable(text)));
  out.tv_sec = *parsed;
  if (point == std::string::npos) return out;
  std::string digits = text.substr(point + 1, 9);
  digits.resize(9, '0');
  const auto fraction = parse_decimal(digits);
  if (!fraction) refuse(fmt::format("\"{}\" is no time", printable(text)));
  out.tv_nsec = *fraction;
  return out;
}

bool later(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

EntryKind kind_of(TarBlock block, const std::string& name) {
  switch (type_of(block)) {
    case '\0':
      return name.ends_with('/') ? EntryKind::folder : EntryKind::file;
    case '0':
    case '7':
    case 'S':
      return EntryKind::file;
    case '1':
      return EntryKind::hard_link;
    case '2':
      return EntryKind::symlink;
    case '3':
      return EntryKind::char_device;
    case '4':
      return EntryKind::block_device;
    case '5':
      return EntryKind::folder;
    case '6':
      return EntryKind::fifo;
    default:
      throw Error(Status::unsupported,
                  fmt::format("the layer has an entry of the unknown type {:#04x}: {}",
                              static_cast<unsigned char>(type_of(block)), printable(name)));
  }
}

void add_sparse_list(const std::string& list, SparseMap& into) {
  std::vector<std::int64_t> numbers;
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    numbers.push_back(decimal(list.substr(at, comma - at), "a place in a sparse file"));
    if (numbers.size() > 2 * kMaxSparseParts) refuse("a sparse file has too many parts");
    at = comma + 1;
  }
  if (numbers.size() % 2 != 0) refuse("the map of a sparse file is cut off");
  for (size_t i = 0; i < numbers.size(); i += 2) into.emplace_back(numbers[i], numbers[i + 1]);
}

void apply_sparse_record(const std::string& key, const std::string& value, TarEntry& entry) {
  entry.sparse = true;
  if (key == "GNU.sparse.major") entry.sparse_map_in_content = value == "1";
  if (key == "GNU.sparse.name") entry.name = value;
  if (key == "GNU.sparse.realsize" || key == "GNU.sparse.size")
    entry.real_size = decimal(value, "the size of a sparse file");
  if (key == "GNU.sparse.map") add_sparse_list(value, entry.sparse_map);
  if (key == "GNU.sparse.offset")
    entry.sparse_map.emplace_back(decimal(value, "a place in a sparse file"), 0);
  if (key == "GNU.sparse.numbytes" && !entry.sparse_map.empty())
    entry.sparse_map.back().second = decimal(value, "a part of a sparse file");
  if (entry.sparse_map.size() > kMaxSparseParts) refuse("a sparse file has too many parts");
}

void apply_record(const std::string& key, const std::string& value, TarEntry& entry) {
  static constexpr std::string_view kXattr = "SCHILY.xattr.";
  if (value.empty() && !key.starts_with(kXattr)) return;  // takes back what was said globally
  if (key == "path") entry.name = value;
  if (key == "linkpath") entry.link = value;
  if (key == "size") entry.size = decimal(value, "size");
  if (key == "uid") entry.uid = small(decimal(value, "uid"), "uid");
  if (key == "gid") entry.gid = small(decimal(value, "gid"), "gid");
  if (key == "mtime") entry.mtime = time_of(value);
  if (key == "atime") entry.atime = time_of(value);
  if (key.starts_with(kXattr)) entry.xattrs.emplace_back(key.substr(kXattr.size()), value);
  if (key.starts_with("GNU.sparse.")) apply_sparse_record(key, value, entry);
}

}  // namespace

std::optional<std::int64_t> parse_decimal(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool is_zero_block(TarBlock block) {
  return std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; });
}

void check_header(TarBlock block) {
  std::int64_t plain = 0, with_sign = 0;
  for (size_t i = 0; i < kTarBlock; ++i) {
    const std::byte byte = i >= 148 && i < 156 ? std::byte{' '} : block[i];
    plain += static_cast<unsigned char>(byte);
    with_sign += static_cast<signed char>(byte);
  }
  const std::int64_t sum = number(field(block, 148, 8));
  if (sum != plain && sum != with_sign) refuse("a header has a wrong checksum");
}

char type_of(TarBlock block) { return static_cast<char>(block[156]); }

std::int64_t size_of_data(TarBlock block) {
  const std::int64_t size = number(field(block, 124, 12));
  if (size < 0) refuse("a size is negative");
  return size;
}

void parse_pax(std::string_view data, Announced& into) {
  while (!data.empty() && data[0] != '\0') {
    const size_t space = data.find(' ');
    const auto length = parse_decimal(data.substr(0, std::min(space, data.size())));
    if (space == std::string_view::npos || !length || static_cast<size_t>(*length) > data.size() ||
        static_cast<size_t>(*length) < space + 3 ||
        data[static_cast<size_t>(*length) - 1] != '\n') {
      refuse("a pax header is damaged");
    }
    const std::string_view record =
        data.substr(space + 1, static_cast<size_t>(*length) - space - 2);
    data.remove_prefix(static_cast<size_t>(*length));
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) refuse("a pax record has no =");
    into.records.emplace_back(record.substr(0, equals), record.substr(equals + 1));
  }
}

TarEntry make_entry(TarBlock block, const Announced& announced) {
  TarEntry entry;
  entry.name = text_field(block, 0, 100);
  entry.link = text_field(block, 157, 100);
  const bool posix = field(block, 257, 6) == std::string_view("ustar\0", 6);
  if (posix) {
    const std::string_view prefix = text_field(block, 345, 155);
    if (!prefix.empty()) entry.name = std::string(prefix) + "/" + entry.name;
  }
  entry.mode = static_cast<std::uint32_t>(number(field(block, 100, 8))) & 07777;
  entry.size = size_of_data(block);
  entry.mtime.tv_sec = std::max<std::int64_t>(number(field(block, 136, 12)), 0);
  const auto record = [&](std::string_view key) {
    return std::any_of(announced.records.begin(), announced.records.end(),
                       [&](const auto& one) { return one.first == key; });
  };
  if (!record("uid")) entry.uid = small(number(field(block, 108, 8)), "uid");
  if (!record("gid")) entry.gid = small(number(field(block, 116, 8)), "gid");
  for (const auto& [key, value] : announced.records) apply_record(key, value, entry);
  if (announced.long_name) entry.name = *announced.long_name;
  if (announced.long_link) entry.link = *announced.long_link;
  if (entry.name.find('\0') != std::string::npos || entry.link.find('\0') != std::string::npos)
    refuse("a name has a zero byte in it");
  entry.kind = kind_of(block, entry.name);
  if (entry.kind == EntryKind::char_device || entry.kind == EntryKind::block_device) {
    entry.device_major = small(number(field(block, 329, 8)), "device number");
    entry.device_minor = small(number(field(block, 337, 8)), "device number");
  }
  if (type_of(block) == 'S') {
    entry.sparse = true;
    entry.real_size = number(field(block, 483, 12));
    add_old_sparse(block, 386, 4, entry.sparse_map);
  }
  if (entry.kind != EntryKind::file) {
    entry.size = 0;  // a size there says nothing about bytes that follow
    entry.sparse = false;
  }
  if (later(entry.mtime, entry.atime)) entry.atime = entry.mtime;
  return entry;
}

void add_old_sparse(TarBlock block, size_t at, size_t count, SparseMap& into) {
  for (size_t i = 0; i < count; ++i, at += 24) {
    if (block[at] == std::byte{0} && block[at + 12] == std::byte{0}) return;
    into.emplace_back(number(field(block, at, 12)), number(field(block, at + 12, 12)));
    if (into.size() > kMaxSparseParts) refuse("a sparse file has too many parts");
  }
}

void check_sparse_map(const TarEntry& entry, std::int64_t content) {
  std::int64_t end = 0, sum = 0;
  for (const auto& [offset, length] : entry.sparse_map) {
    if (offset < end || length < 0 || offset > entry.real_size ||
        length > entry.real_size - offset) {
      refuse("the map of the sparse file " + printable(entry.name) + " is not in order");
    }
    end = offset + length;
    sum += length;
  }
  if (sum != content) refuse("the sparse file " + printable(entry.name) + " is cut off");
}

}  // namespace sealos::layer_tar
