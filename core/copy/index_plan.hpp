// What becomes of an index, decided before the first byte. No I/O.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/copy/image_reader.hpp"
#include "core/copy/plan.hpp"

namespace sealos {

/// One index's way.
struct IndexPlan {
  IndexInput input;
  std::vector<ManifestKind> kinds;  ///< to try in this order
  bool sparse = false;              ///< entries that are not copied stay in it
  std::string frozen;               ///< why it must stay byte for byte; "": it may change

  /// As an index around it lists it.
  Digest name() const { return input.instance.value_or(input.manifest.digest()); }
};

/// The indexes of a selection, in their order. Images that a frozen index holds are told so in
/// `selection`. Throws an Error that says which wish cannot be met, and why.
std::vector<IndexPlan> plan_indexes(Selection& selection, const DestinationTraits& destination,
                                    bool sparse, bool preserve_digests = false);

/// Copies of the images in other compressions, as --add-compression asks for them: for every image
/// and form that the image as planned does not have. Throws an Error where there is no index to
/// list them, or one that must not change.
std::vector<ImagePlan> plan_variants(const std::vector<ImageInput>& inputs,
                                     const std::vector<ImagePlan>& images,
                                     const std::vector<IndexPlan>& indexes,
                                     const std::vector<LayerForm>& forms,
                                     const DestinationTraits& destination);

/// A docker list does not list OCI images: an index that would hold one is not made a list, where
/// there is a choice.
void fit_kinds(std::vector<IndexPlan>& indexes, const std::vector<ImagePlan>& images);

/// Throws that --add-compression has no index to add to.
[[noreturn]] void refuse_to_add();

/// Throws SEALOS_UNSUPPORTED where the destination holds no index.
void require_index_holder(const DestinationTraits& destination);

}  // namespace sealos
