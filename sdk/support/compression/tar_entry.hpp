// What a tar header says, in the words of a zstd:chunked table of contents.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "support/json/json.hpp"

namespace sealos::compression {

constexpr size_t kTarBlock = 512;

struct TarTime {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
};

struct TarEntry {
  std::string name, link;
  char type = '0';
  std::int64_t mode = 0, size = 0, uid = 0, gid = 0, major = 0, minor = 0;
  TarTime modified;
  std::optional<TarTime> accessed, changed;
  std::map<std::string, std::string> xattrs;

  bool is_file() const { return type == '0'; }
  /// As a table of contents has it, without where its content is. nullopt: it cannot be said there
  /// (names that are not UTF-8, types and times that are unknown).
  std::optional<Json> describe() const;
};

/// Collects the blocks of one member's header: the header, and the extensions before it.
class TarHeaderReader {
 public:
  enum class Next { header, extension, end, foreign };

  /// Takes a block. extension: another header follows after extension_size() bytes, which are given
  /// to take_extension. header: entry() is complete. end: the block is zeros. foreign: what follows
  /// cannot be described.
  Next take(std::span<const std::byte> block);
  std::int64_t extension_size() const { return extension_size_; }
  bool take_extension(std::string_view bytes);
  const TarEntry& entry() const { return entry_; }

 private:
  bool take_pax(std::string_view key, std::string_view value);

  TarEntry entry_;
  char extension_ = 0;
  std::int64_t extension_size_ = 0;
  std::string long_name_, long_link_;
  std::map<std::string, std::string, std::less<>> pax_;
};

}  // namespace sealos::compression
