// Manifests of what was copied, and their way into the destination.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/copy/copy.hpp"
#include "core/copy/image_reader.hpp"
#include "core/copy/plan.hpp"
#include "core/host/destination.hpp"

namespace sealos {

/// What blobs became, by key_of(step).
using BlobResults = std::map<std::string, BlobReport>;
std::string key_of(const BlobStep& step);

/// A manifest in the destination.
struct Written {
  Manifest manifest;
  bool changed;  ///< it is not byte for byte the source's
};

/// Puts manifests, in the kinds that the plans list, until the destination takes one; then
/// signatures. Throws CopyError, blaming the destination.
class ImageWriter {
 public:
  ImageWriter(Destination& destination, const BlobResults& results, Progress& progress)
      : destination_(destination), results_(results), progress_(progress) {}

  /// `top`: it is what the destination's reference will name.
  Written put_image(const ImagePlan& plan, bool top);
  /// After all its instances; `written` has what became of each, by its digest in the source.
  Written put_index(const IndexInput& index, const std::vector<ManifestKind>& kinds,
                    const std::map<std::string, Written>& written);

 private:
  /// What is put, and the name it had: nullopt at the top level.
  struct Original {
    const Manifest& manifest;
    std::optional<Digest> instance;
    bool top;
    const std::vector<Item>& signatures;
  };
  Item image_as(const ImagePlan& plan, ManifestKind kind);
  Item as_schema1(const ImagePlan& plan, ManifestKind kind, const std::vector<Descriptor>& layers);
  /// The config that schema 1 does not have, after it has been put.
  Descriptor put_made_config(const ImagePlan& plan, ManifestKind kind);
  void put_bytes(const Blob& blob, const std::string& bytes, const std::string& what);
  template <typename MakeItem>
  Written put_first_taken(const Original& original, const std::vector<ManifestKind>& kinds,
                          MakeItem&& make);
  void put_signatures(const Original& original, const Written& written);
  static std::optional<Digest> name_of(const Original& original, const Written& written);

  Destination& destination_;
  const BlobResults& results_;
  Progress& progress_;
};

}  // namespace sealos
