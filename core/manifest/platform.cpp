#include "core/manifest/platform.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <map>

namespace sealos {
namespace {

/// Variants of an architecture, newest first; each runs what stands after it.
const std::vector<std::string>& variants_of(const std::string& architecture) {
  static const std::map<std::string, std::vector<std::string>> kVariants = {
      {"arm", {"v8", "v7", "v6", "v5"}}, {"arm64", {"v8"}}, {"amd64", {"v4", "v3", "v2", "v1"}}};
  static const std::vector<std::string> kNone;
  const auto at = kVariants.find(architecture);
  return at == kVariants.end() ? kNone : at->second;
}

std::string go_architecture(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine.starts_with("armv")) return "arm";
  if (machine == "i386" || machine == "i686") return "386";
  if (machine == "loongarch64") return "loong64";
  return std::string(machine);
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '.' || c == '-';
  });
}

}  // namespace

Platform Platform::from_json(const Json& json) {
  return {json.text_at("os"), json.text_at("architecture"), json.text_at("variant"),
          json.text_at("os.version")};
}

Platform Platform::parse(std::string_view text) {
  std::vector<std::string> parts;
  std::string_view rest = text;
  while (true) {
    const size_t slash = rest.find('/');
    parts.emplace_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_word)) {
    throw Error(
        Status::invalid,
        fmt::format("\"{}\" is not a platform; write os/architecture[/variant]", printable(text)));
  }
  if (parts.size() == 1) parts.insert(parts.begin(), "linux");
  parts.resize(3);
  return {parts[0], go_architecture(parts[1]), parts[2], ""};
}

Platform Platform::host() {
  utsname name{};
  ::uname(&name);
  Platform platform{"linux", go_architecture(name.machine), "", ""};
  if (platform.architecture == "arm64") platform.variant = "v8";
  const std::string_view machine = name.machine;
  if (platform.architecture == "arm" && machine.size() > 4) {
    platform.variant = fmt::format("v{}", machine[4]);
  }
  return platform;
}

std::string Platform::str() const {
  std::string text = os + "/" + architecture;
  if (!variant.empty()) text += "/" + variant;
  return text;
}

int platform_rank(const Platform& wanted, const Platform& have) {
  if (wanted.os != have.os || wanted.architecture != have.architecture) return -1;
  if (wanted.variant == have.variant) return 0;
  const std::vector<std::string>& order = variants_of(wanted.architecture);
  const auto position = [&](const std::string& v) {
    return static_cast<int>(std::find(order.begin(), order.end(), v) - order.begin());
  };
  const int count = static_cast<int>(order.size());
  const int had = position(have.variant);
  if (wanted.variant.empty()) return had < count ? 1 + had : -1;
  if (have.variant.empty()) return count + 1;
  const int want = position(wanted.variant);
  return want < count && had < count && had > want ? had - want : -1;
}

}  // namespace sealos
