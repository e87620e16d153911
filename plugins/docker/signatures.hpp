// The signatures of images in one repository, wherever they are.
#pragma once

#include <string_view>
#include <vector>

#include "lookaside.hpp"
#include "registry.hpp"
#include "sealos/sdk/signature_places.hpp"
#include "sealos/sdk/types.hpp"
#include "upload.hpp"

namespace sealos::docker {

/// Simple signing: in the registry where it can store them, else beside it. Sigstore: attached, if
/// the configuration says so. Safe for concurrent use.
class Signatures {
 public:
  /// name: the image, for which the configuration is asked.
  Signatures(Registry& registry, const DockerName& name);

  std::vector<Item> read(const Digest& manifest);
  /// Throws what stands in the way of storing signatures with that label.
  void check(std::string_view format);
  /// Those that are there stay.
  void add(const Digest& manifest, const std::vector<Item>& signatures, Uploader& uploader);

 private:
  Registry& registry_;
  const sdk::SignaturePlaces places_;
  Lookaside lookaside_;
};

/// The digest by which signatures call a manifest; of a signed one of schema 1 the registry is
/// asked, under the name.
Digest signed_digest(Registry& registry, const Item& manifest, const std::string& name);

}  // namespace sealos::docker
