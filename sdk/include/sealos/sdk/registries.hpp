// Where the user's configuration says that images of registries are. std only.
#pragma once

#include <string>
#include <vector>

#include "sealos/ext/registries.h"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::sdk {

struct RegistryPlace {
  std::string name;       ///< "host[:port]/path[:tag][@digest]"
  bool insecure = false;  ///< the meaning of "tls-verify" where it is not set: "false"
  bool mirror = false;
};

namespace detail {

using FindPlaces = sealos_status (*)(const sealos_host*, const char*, sealos_emit_place, void*,
                                     sealos_error*);

inline std::vector<RegistryPlace> find_places(const Host& host, FindPlaces find,
                                              const std::string& name) {
  std::vector<RegistryPlace> places;
  ErrorSlot error;
  const sealos_status status = find(
      host.c(), name.c_str(),
      [](void* to, const sealos_registry_place* place) -> sealos_status {
        return guard(nullptr, [&] {
          static_cast<std::vector<RegistryPlace>*>(to)->push_back(
              {text_or_empty(place->name), (place->flags & SEALOS_PLACE_INSECURE) != 0,
               (place->flags & SEALOS_PLACE_MIRROR) != 0});
        });
      },
      &places, error.out());
  error.check(status, "the host does not say where " + name + " is");
  return places;
}

inline const sealos_registries* registries_of(const Host& host) {
  return static_cast<const sealos_registries*>(host.get_extension(SEALOS_REGISTRIES));
}

}  // namespace detail

/// Where to try to read an image, in order; never empty. Throws SEALOS_DENIED where the user's
/// configuration blocks it.
inline std::vector<RegistryPlace> places_to_read(const Host& host, const std::string& name) {
  const sealos_registries* known = detail::registries_of(host);
  std::vector<RegistryPlace> places;
  if (known != nullptr) places = detail::find_places(host, known->places_to_read, name);
  if (places.empty()) places.push_back({name});
  return places;
}

/// The place to write, list or remove an image: always itself. Throws as places_to_read.
inline RegistryPlace place_to_write(const Host& host, const std::string& name) {
  const sealos_registries* known = detail::registries_of(host);
  std::vector<RegistryPlace> places;
  if (known != nullptr) places = detail::find_places(host, known->place_to_write, name);
  return places.empty() ? RegistryPlace{name} : places.front();
}

}  // namespace sealos::sdk
