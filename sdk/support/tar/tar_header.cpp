#include "support/tar/tar_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "sealos/sdk/error.hpp"

namespace sealos {
namespace {

constexpr std::int64_t kMostOctal = (std::int64_t{1} << 33) - 1;  // eleven octal digits
constexpr std::uint32_t kMostId = (1u << 21) - 1;                 // seven octal digits

struct Field {
  size_t at, length;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12},
    kMtime{136, 12}, kChecksum{148, 8}, kLink{157, 100}, kMagic{257, 8}, kDevMajor{329, 8},
    kDevMinor{337, 8}, kPrefix{345, 155};
constexpr size_t kTypeAt = 156;

[[noreturn]] void corrupt(const char* what) {
  throw Error(Status::corrupt, fmt::format("not a tar archive: {}", what));
}

std::string_view view_of(std::span<const std::byte> block, Field field) {
  return {reinterpret_cast<const char*>(block.data()) + field.at, field.length};
}

std::string text_of(std::span<const std::byte> block, Field field) {
  const std::string_view text = view_of(block, field);
  return std::string(text.substr(0, text.find('\0')));
}

/// Base 256 of GNU tar: the first bit is set, the rest is a big-endian number.
std::int64_t parse_base256(std::string_view text) {
  if ((static_cast<unsigned char>(text.front()) & 0x40) != 0) corrupt("a number is negative");
  std::uint64_t value = static_cast<unsigned char>(text.front()) & 0x3f;
  for (const char c : text.substr(1)) {
    if (value >> 54 != 0) corrupt("a number is too large");
    value = (value << 8) | static_cast<unsigned char>(c);
  }
  return static_cast<std::int64_t>(value);
}

std::int64_t parse_number(std::string_view text) {
  if ((static_cast<unsigned char>(text.front()) & 0x80) != 0) return parse_base256(text);
  const size_t first = text.find_first_not_of(std::string_view(" \0", 2));
  if (first == std::string_view::npos) return 0;
  std::int64_t value = 0;
  for (const char c : text.substr(first)) {
    if (c == ' ' || c == '\0') break;
    if (c < '0' || c > '7') corrupt("a number is not octal");
    if (value > std::numeric_limits<std::int64_t>::max() / 8) corrupt("a number is too large");
    value = value * 8 + (c - '0');
  }
  return value;
}

/// The sum of all bytes, the checksum's own counted as spaces. Old programs took bytes as signed.
bool has_good_checksum(std::span<const std::byte> block) {
  std::int64_t plain = 0, with_sign = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kChecksum.at && i < kChecksum.at + kChecksum.length;
    const auto byte = own ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[i]);
    plain += byte;
    with_sign += static_cast<signed char>(byte);
  }
  const std::int64_t said = parse_number(view_of(block, kChecksum));
  return said == plain || said == with_sign;
}

void put(std::string& block, Field field, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(field.at));
}

void put_octal(std::string& block, Field field, std::int64_t value) {
  put(block, field, fmt::format("{:0{}o}", value, field.length - 1));
}

void put_size(std::string& block, std::int64_t size) {
  if (size <= kMostOctal) return put_octal(block, kSize, size);
  std::string number(kSize.length, '\0');
  for (size_t i = kSize.length - 1; i > 0 && size != 0; --i, size >>= 8)
    number[i] = static_cast<char>(size & 0xff);
  number.front() = static_cast<char>(0x80);
  put(block, kSize, number);
}

/// Where a long name is cut in two, at a slash; nullopt: it does not fit.
std::optional<size_t> split_name(std::string_view name) {
  if (name.size() <= kName.length) return 0;
  const size_t slash = name.find('/', name.size() - kName.length - 1);
  if (slash == std::string_view::npos || slash > kPrefix.length || slash == 0) return std::nullopt;
  return slash;
}

std::string block_for(const TarFields& fields, std::string_view name, std::string_view prefix,
                      char type) {
  std::string block(kTarBlock, '\0');
  put(block, kName, name);
  put_octal(block, kMode, fields.mode);
  put_octal(block, kUid, std::min(fields.uid, kMostId));
  put_octal(block, kGid, std::min(fields.gid, kMostId));
  put_size(block, fields.size);
  put_octal(block, kMtime, fields.mtime);
  block[kTypeAt] = type;
  put(block, kLink, std::string_view(fields.link).substr(0, kLink.length));
  put(block, kMagic, std::string_view("ustar\00000", 8));
  put_octal(block, kDevMajor, fields.device_major);
  put_octal(block, kDevMinor, fields.device_minor);
  put(block, kPrefix, prefix);
  put(block, kChecksum, "        ");
  std::int64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(block, kChecksum, fmt::format("{:06o}", sum));
  block[kChecksum.at + 6] = '\0';
  return block;
}

/// "length key=value\n", where the length counts its own digits.
std::string pax_record(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest + 1;
  while (fmt::formatted_size("{}", length) + rest != length) ++length;
  return fmt::format("{} {}={}\n", length, key, value);
}

}  // namespace

std::optional<TarHeader> parse_tar_header(std::span<const std::byte> block) {
  if (std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; }))
    return std::nullopt;
  if (!has_good_checksum(block)) corrupt("the checksum of a header is wrong");
  TarHeader header;
  header.name = text_of(block, kName);
  header.link = text_of(block, kLink);
  header.type = static_cast<char>(block[kTypeAt]);
  header.size = parse_number(view_of(block, kSize));
  if (view_of(block, kMagic) == std::string_view("ustar\00000", 8)) {
    const std::string prefix = text_of(block, kPrefix);
    if (!prefix.empty()) header.name = prefix + "/" + header.name;
  }
  return header;
}

PaxRecords parse_pax(std::string_view text) {
  PaxRecords records;
  while (!text.empty()) {
    size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const size_t digits = static_cast<size_t>(end - text.data());
    if (error != std::errc() || length > text.size() || length < digits + 3 ||
        text[digits] != ' ' || text[length - 1] != '\n') {
      corrupt("its pax records are broken");
    }
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    text.remove_prefix(length);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) corrupt("its pax records are broken");
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (value.find('\0') != std::string_view::npos && (key == "path" || key == "linkpath"))
      corrupt("a name has a zero byte");
    if (key == "path") records.path = value;
    if (key == "linkpath") records.link = value;
    if (key.starts_with("GNU.sparse.")) records.sparse = true;
    if (key == "size") {
      std::int64_t size = 0;
      const auto [stop, wrong] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (wrong != std::errc() || stop != value.data() + value.size() || size < 0)
        corrupt("a size is no number");
      records.size = size;
    }
  }
  return records;
}

std::string tar_header_block(const TarFields& fields) {
  const auto cut = split_name(fields.name);
  if (!cut) {
    throw Error(Status::unsupported,
                fmt::format("the name {} does not fit into a tar header", printable(fields.name)));
  }
  if (*cut == 0) return block_for(fields, fields.name, "", fields.type);
  return block_for(fields, std::string_view(fields.name).substr(*cut + 1),
                   std::string_view(fields.name).substr(0, *cut), fields.type);
}

std::string tar_header(const TarFields& fields) {
  const auto cut = split_name(fields.name);
  std::string records;
  if (!cut) records += pax_record("path", fields.name);
  if (fields.link.size() > kLink.length) records += pax_record("linkpath", fields.link);
  if (fields.size > kMostOctal) records += pax_record("size", fmt::format("{}", fields.size));
  if (fields.uid > kMostId) records += pax_record("uid", fmt::format("{}", fields.uid));
  if (fields.gid > kMostId) records += pax_record("gid", fmt::format("{}", fields.gid));
  for (const auto& [key, value] : fields.xattrs)
    records += pax_record("SCHILY.xattr." + key, value);
  if (records.empty()) return tar_header_block(fields);
  TarFields pax{"", static_cast<std::int64_t>(records.size()), fields.mode, fields.mtime};
  std::string out = block_for(pax, "PaxHeader", "", 'x') + records;
  out.append(static_cast<size_t>(tar_padding(pax.size)), '\0');
  // Readers of pax take what does not fit from the records.
  if (cut) return out + tar_header_block(fields);
  return out +
         block_for(fields, std::string_view(fields.name).substr(0, kName.length), "", fields.type);
}

}  // namespace sealos
