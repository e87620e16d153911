// One registries.conf file, checked, before it is merged with others.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sealos::config {

enum class MirrorUse { all, digest_only, tag_only };

struct Mirror {
  std::string location;
  bool insecure = false;
  MirrorUse use = MirrorUse::all;
};

/// A [[registry]] table. Meaning: containers-registries.conf(5).
struct Registry {
  std::string prefix;    ///< what it applies to; "*.example.com": all hosts below
  std::string location;  ///< what the prefix is replaced by; "": nothing (for "*." only)
  bool insecure = false;
  bool blocked = false;
  bool mirror_by_digest_only = false;
  std::vector<Mirror> mirrors;
  std::string file;  ///< where it stands
};

enum class ShortNameMode { permissive, enforcing, disabled };

/// What one file sets; nullopt: it says nothing.
struct RegistriesFile {
  std::vector<Registry> registries;
  std::optional<std::vector<std::string>> search;
  std::optional<std::vector<std::string>> credential_helpers;
  std::optional<ShortNameMode> short_name_mode;
  std::map<std::string, std::string, std::less<>> aliases;  ///< "": takes an earlier one away

  /// Throws SEALOS_INVALID, naming the file and where it can the line. Unknown keys are ignored.
  /// The old version 1 is understood where it stands alone, but not in a drop-in.
  static RegistriesFile parse(const std::string& path, std::string_view text, bool drop_in);
};

/// "short" -> "registry/path" as [aliases] has them, checked.
std::map<std::string, std::string, std::less<>> parse_aliases_file(const std::string& path,
                                                                   std::string_view text);

/// The length of what a prefix matches at the beginning of a name; 0: it does not match.
size_t match_prefix(std::string_view name, std::string_view prefix);

/// Whether the first component is no host: "busybox", "library/busybox:1".
bool is_short_name(std::string_view text);

}  // namespace sealos::config
