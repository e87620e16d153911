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

/// An index that is copied, and where it stands.
struct IndexInput {
  std::optional<Digest> instance;  ///< nullopt: it is the top level
  Manifest manifest;
  std::vector<Item> signatures;
  size_t left_out = 0;    ///< how many of its entries are not copied
  bool referred = false;  ///< as of an image
};

/// The wanted images, and the indexes that hold them, innermost first. Without an index that is
/// copied there is one image.
struct Selection {
  Item top;  ///< the source's top-level manifest, whatever is wanted of it
  std::vector<ImageInput> images;
  std::vector<IndexInput> indexes;
};

/// What an image's config says; nullopt: nothing.
std::optional<Platform> platform_of(const Manifest& manifest, const std::string& config);

/// Whether the request can only be met by a destination that holds an index.
bool needs_index(const CopyRequest& request);

/// Reads and checks; images of an index several at a time where the source can. A failure sets
/// `cancel`. Throws CopyError, blaming the source.
Selection read_selection(Source& source, const Reference& reference, const CopyRequest& request,
                         CancelToken& cancel, Progress& progress);

}  // namespace sealos
