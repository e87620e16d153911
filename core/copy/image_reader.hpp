// What there is to copy: the manifests of the source, checked, and which of them are wanted.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/copy/copy.hpp"
#include "core/copy/plan.hpp"
#include "core/host/reference.hpp"
#include "core/host/source.hpp"

namespace sealos {

/// An index that is copied whole, and where it stands.
struct IndexInput {
  std::optional<Digest> instance;  ///< nullopt: it is the top level
  Manifest manifest;
  std::vector<Item> signatures;
};

/// The wanted images, and the indexes that hold them, innermost first. Without an index that is
/// copied whole there is one image.
struct Selection {
  Item top;  ///< the source's top-level manifest, whatever is wanted of it
  std::vector<ImageInput> images;
  std::vector<IndexInput> indexes;
};

/// Reads and checks. Throws CopyError, blaming the source.
Selection read_selection(Source& source, const Reference& reference, const CopyRequest& request,
                         Progress& progress);

}  // namespace sealos
