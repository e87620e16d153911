// Where the user's configuration says that signatures of images of registries are. std only.
#pragma once

#include <string>

#include "sealos/ext/draft/signature_places.h"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::sdk {

struct SignaturePlaces {
  std::string read, write;   ///< addresses of the repository's folders; "": there is none
  bool configured = false;   ///< else these are the usual ones
  bool attachments = false;  ///< sigstore signatures are stored beside the image
};

/// name: "host[:port]/path[:tag][@digest]". Throws where the configuration is wrong.
inline SignaturePlaces signature_places(const Host& host, const std::string& name) {
  SignaturePlaces places;
  const auto* known =
      static_cast<const sealos_signature_places*>(host.get_extension(SEALOS_SIGNATURE_PLACES));
  if (known == nullptr) return places;
  places.configured = true;
  ErrorSlot error;
  const sealos_status status = known->find(
      host.c(), name.c_str(),
      [](void* to, const sealos_item* c) -> sealos_status {
        return guard(nullptr, [&] {
          auto& places = *static_cast<SignaturePlaces*>(to);
          const Item item = from_c(*c);
          if (item.label == "read") places.read = item.data;
          if (item.label == "write") places.write = item.data;
          if (item.label == "unconfigured") places.configured = false;
          if (item.label == "attachments") places.attachments = true;
        });
      },
      &places, error.out());
  error.check(status, "the host does not say where signatures of " + name + " are");
  return places;
}

}  // namespace sealos::sdk
