// Headers of tar members, as bytes and as values (POSIX.1-2017 pax, "ustar Interchange Format",
// and the GNU tar manual, "Basic Tar Format"). No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealos {

inline constexpr std::int64_t kTarBlock = 512;

/// What follows a member's bytes: zeros up to a multiple of 512.
constexpr std::int64_t tar_padding(std::int64_t size) {
  return (kTarBlock - size % kTarBlock) % kTarBlock;
}

/// One header block as it stands, without what pax and GNU records before it say.
struct TarHeader {
  std::string name;
  std::string link;
  std::int64_t size = 0;
  char type = '0';
};

/// nullopt: a block of zeros, which ends an archive. Throws SEALOS_CORRUPT for what is no header.
std::optional<TarHeader> parse_tar_header(std::span<const std::byte> block);

/// What pax records ("x") say that matters here.
struct PaxRecords {
  std::optional<std::string> path, link;
  std::optional<std::int64_t> size;
  bool sparse = false;
};
/// Throws SEALOS_CORRUPT for what are no records.
PaxRecords parse_pax(std::string_view text);

/// How a member is written. Owner and group have no names.
struct TarFields {
  std::string name;
  std::int64_t size = 0;
  unsigned mode = 0644;
  std::int64_t mtime = 0;  ///< seconds since 1970
  char type = '0';
  std::string link = {};
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t device_major = 0, device_minor = 0;  ///< at most 2097151
  std::vector<std::pair<std::string, std::string>> xattrs = {};
};

/// The header block, preceded by pax records where a field needs them, and for extended attributes
/// (SCHILY.xattr). Same fields, same bytes.
std::string tar_header(const TarFields& fields);
/// As tar_header, but always one block: sizes from 8 GiB on are in base 256, as GNU tar writes
/// them. Throws SEALOS_UNSUPPORTED for a name that does not fit. The other fields have to.
std::string tar_header_block(const TarFields& fields);

}  // namespace sealos
