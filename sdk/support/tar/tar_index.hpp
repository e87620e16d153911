// Where the members of a tar archive are, found in one pass over its headers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sealos {

struct TarMember {
  enum class Type { regular, symbolic_link, hard_link };
  std::string name;  ///< without "./", doubled slashes, and a slash at its end
  Type type = Type::regular;
  std::int64_t offset = 0;  ///< of its bytes in the archive
  std::int64_t size = 0;
  std::string link;     ///< what a link leads to, as written
  bool sparse = false;  ///< its bytes are not stored one after the other
};

/// Immutable once built. Nothing is unpacked: names are keys and never paths of the machine.
class TarIndex {
 public:
  /// size: of the archive. Reads by pread. checkpoint, called now and then, may throw. Throws
  /// SEALOS_CORRUPT for what is cut off or no tar archive, SEALOS_INVALID beyond the limits: 1 000
  /// 000 members, 1 MiB for one extension record, 32 MiB for all names.
  static TarIndex build(int file, std::int64_t size, const std::function<void()>& checkpoint = {});

  /// The regular member of that name, at the end of links; nullptr: there is none. Throws
  /// SEALOS_INVALID where the name stands for more than one member, where links lead out of the
  /// archive or in a circle, and where the member is sparse.
  const TarMember* find(std::string_view name) const;

  /// In the order of the archive.
  const std::vector<TarMember>& members() const { return members_; }

 private:
  friend class TarScanner;
  void add(TarMember member);
  const TarMember* exact(std::string_view name) const;

  std::vector<TarMember> members_;
  std::map<std::string, size_t, std::less<>> by_name_;
  std::map<std::string, int, std::less<>> twins_;  // names that occur more than once
};

/// "a/b" for "./a//b/"; "" for the root. ".." stays.
std::string normal_tar_name(std::string_view name);

}  // namespace sealos
