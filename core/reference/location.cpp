#include "core/reference/location.hpp"

#include <algorithm>
#include <array>

namespace sealos {
namespace {

constexpr std::array<std::string_view, 9> kShipped = {
    "containers-storage", "dir",    "docker", "docker-archive", "docker-daemon", "oci",
    "oci-archive",        "ostree", "sif"};

}  // namespace

bool is_shipped_transport(std::string_view name) {
  return std::find(kShipped.begin(), kShipped.end(), name) != kShipped.end();
}

std::optional<Location> split_location(std::string_view text,
                                       const std::function<bool(std::string_view)>& is_known) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(0, colon);
  const std::string_view details = text.substr(colon + 1);
  if (is_shipped_transport(name) || is_known(name) || details.starts_with('/')) {
    return Location{std::string(name), std::string(details)};
  }
  return std::nullopt;
}

}  // namespace sealos
