// Sigstore signatures as an image of their own beside the image that they are of, under a tag that
// is made from its digest: what cosign before 3 and containers-image write. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/types.hpp"
#include "support/json/json.hpp"

namespace sealos {

/// The label of a sigstore signature.
inline constexpr std::string_view kSigstoreSignature = "sigstore-json";

/// "sha256-<hex>.sig".
std::string attachment_tag(const Digest& image);

/// One signature: a layer of that image.
struct AttachedSignature {
  using Annotations = std::vector<std::pair<std::string, std::string>>;
  std::string media_type;
  std::string payload;
  Annotations annotations;

  /// As images carry it elsewhere. Throws SEALOS_INVALID for what is none.
  static AttachedSignature parse(const Item& signature);
  Item item() const;
};

/// The image that holds the signatures.
class Attachment {
 public:
  /// One without signatures.
  Attachment();
  /// Throws SEALOS_INVALID where the manifest is none of an OCI image.
  explicit Attachment(const Item& manifest);

  struct Layer {
    Digest digest;
    std::int64_t size = 0;
    std::string media_type;
    AttachedSignature::Annotations annotations;
  };
  const std::vector<Layer>& layers() const { return layers_; }
  bool has(const AttachedSignature& signature) const;
  void add(const AttachedSignature& signature);

  std::string config() const;
  /// With that config.
  Item manifest() const;

 private:
  Json json_;
  std::vector<Layer> layers_;
};

}  // namespace sealos
