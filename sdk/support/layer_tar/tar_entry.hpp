// One entry of a tar, and how headers are read. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealos::layer_tar {

enum class EntryKind { file, hard_link, symlink, char_device, block_device, folder, fifo };

/// Where the bytes of a sparse file belong: (offset, length), in order.
using SparseMap = std::vector<std::pair<std::int64_t, std::int64_t>>;

struct TarEntry {
  EntryKind kind = EntryKind::file;
  std::string name;        ///< as the tar has it, from whichever header it comes
  std::string link;        ///< target of a link
  std::int64_t size = 0;   ///< bytes of content that follow in the tar
  std::uint32_t mode = 0;  ///< permission bits, with set-id and sticky
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t device_major = 0, device_minor = 0;
  timespec mtime{}, atime{};
  std::vector<std::pair<std::string, std::string>> xattrs;
  bool sparse = false;
  bool sparse_map_in_content = false;  ///< GNU sparse format 1.0
  SparseMap sparse_map;
  std::int64_t real_size = 0;  ///< of a sparse file
};

inline constexpr size_t kTarBlock = 512;
using TarBlock = std::span<const std::byte, kTarBlock>;

/// What pax and GNU headers said in advance of an entry.
struct Announced {
  std::vector<std::pair<std::string, std::string>> records;  ///< of pax, in order
  std::optional<std::string> long_name, long_link;           ///< of GNU
};

bool is_zero_block(TarBlock block);
/// Throws SEALOS_CORRUPT where the checksum is wrong.
void check_header(TarBlock block);
char type_of(TarBlock block);
/// Of an entry's or an announcing header's data. Throws SEALOS_CORRUPT.
std::int64_t size_of_data(TarBlock block);

/// Adds "length key=value\n" records. Throws SEALOS_CORRUPT.
void parse_pax(std::string_view data, Announced& into);
/// An entry out of its header and what was announced. Throws SEALOS_CORRUPT, and SEALOS_UNSUPPORTED
/// for kinds that no layer has.
TarEntry make_entry(TarBlock block, const Announced& announced);

/// Four entries of an old GNU sparse header, or 21 of one that continues it, from `at`.
void add_old_sparse(TarBlock block, size_t at, size_t count, SparseMap& into);
/// Throws SEALOS_CORRUPT unless the map fits the content and the real size.
void check_sparse_map(const TarEntry& entry, std::int64_t content);

/// A decimal number without sign, to its end. nullopt: it is none.
std::optional<std::int64_t> parse_decimal(std::string_view text);

}  // namespace sealos::layer_tar
