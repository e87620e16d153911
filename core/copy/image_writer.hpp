// Manifests of what was copied, and their way into the destination.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/copy/copy.hpp"
#include "core/copy/index_plan.hpp"
#include "core/copy/manifest_signer.hpp"
#include "core/copy/plan.hpp"
#include "core/host/destination.hpp"

namespace sealos {

/// What blobs became, by key_of(step).
using BlobResults = std::map<std::string, BlobReport>;
std::string key_of(const BlobStep& step);
/// A layer that was to be recoded, and had that form all the while, whatever its type said.
bool is_relabelled(const BlobStep& step, const BlobReport& report);

/// A manifest in the destination.
struct Written {
  Manifest manifest;
  bool changed;  ///< it is not byte for byte the source's
};

/// Small blobs that a conversion adds, with their bytes.
using MadeBlobs = std::vector<std::pair<Blob, std::string>>;

/// Puts manifests, in the kinds that the plans list, until the destination takes one; then
/// signatures. Throws CopyError, blaming the destination.
class ImageWriter {
 public:
  ImageWriter(Destination& destination, const BlobResults& results, const ManifestSigner& signer,
              Progress& progress)
      : destination_(destination), results_(results), signer_(signer), progress_(progress) {}

  /// `top`: it is what the destination's reference will name.
  Written put_image(const ImagePlan& plan, bool top);
  /// After all its instances; `written` has what became of each, by its digest in the source.
  Written put_index(const IndexPlan& plan, const std::map<std::string, Written>& written);

  /// What put_image would put as that kind. made: gets the blobs that go with it and that the
  /// source does not have; may be nullptr.
  Written image_as(const ImagePlan& plan, ManifestKind kind, MadeBlobs* made = nullptr) const;
  /// What put_index would put as that kind.
  Written index_as(const IndexPlan& plan, const std::map<std::string, Written>& written,
                   ManifestKind kind) const;

 private:
  /// What is put, and the name it had: nullopt at the top level.
  struct Original {
    const Manifest& manifest;
    std::optional<Digest> instance;
    bool top;
    const std::vector<Item>& signatures;
  };
  Item schema1_as(const ImagePlan& plan, ManifestKind kind, const std::vector<Descriptor>& layers,
                  MadeBlobs& made) const;
  /// The config that schema 1 does not have.
  Descriptor make_config(const ImagePlan& plan, ManifestKind kind, MadeBlobs& made) const;
  void put_made(const MadeBlobs& made);
  template <typename MakeItem>
  Written put_first_taken(const Original& original, const std::vector<ManifestKind>& kinds,
                          MakeItem&& make);
  void put_signatures(const Original& original, const Written& written);
  static std::optional<Digest> name_of(const Original& original, const Written& written);

  Destination& destination_;
  const BlobResults& results_;
  const ManifestSigner& signer_;
  Progress& progress_;
};

}  // namespace sealos
