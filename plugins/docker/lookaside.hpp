// Signatures in folders beside a registry, or on a web server (containers-registries.d(5)).
#pragma once

#include <string>
#include <vector>

#include "registry.hpp"
#include "sealos/sdk/signature_places.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

/// Of one repository. Files are `<address>@<algorithm>=<hex>/signature-<n>`, n from 1 on. Safe for
/// concurrent use.
class Lookaside {
 public:
  Lookaside(Registry& registry, sdk::SignaturePlaces places)
      : registry_(registry), places_(std::move(places)) {}

  std::vector<Item> read(const Digest& manifest);
  /// Throws why nothing can be written.
  void check_writable() const;
  /// Adds those that are not there yet; all that are there stay, also those that another program
  /// adds meanwhile.
  void add(const Digest& manifest, const std::vector<Item>& signatures);

 private:
  std::vector<Item> read_folder(const std::string& folder) const;
  std::vector<Item> download(const std::string& address);

  Registry& registry_;
  const sdk::SignaturePlaces places_;
};

}  // namespace sealos::docker
