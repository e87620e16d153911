#include "login.hpp"

#include <fmt/format.h>

#include "registry.hpp"
#include "sealos/sdk/registries.hpp"

namespace sealos::docker {

void check_login(const sdk::Host& host, std::string_view scope) {
  const size_t slash = scope.find('/');
  DockerName name;
  name.domain = scope.substr(0, slash);
  if (slash != std::string_view::npos) name.path = scope.substr(slash + 1);
  // What registries.conf says of a host is asked with a name of an image.
  const std::string image = name.path.empty() ? name.domain + "/login" : name.repository();
  Registry registry(host, name, Side::neither, sdk::place_to_write(host, image).insecure);
  registry.require(Ask(), fmt::format("logging in to {}", registry.repository())).finish();
}

}  // namespace sealos::docker
