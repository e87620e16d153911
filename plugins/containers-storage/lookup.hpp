// Which image of a store a reference means. No I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "details.hpp"
#include "store.hpp"

namespace sealos::containers_storage {

struct Found {
  const StoredImage* image = nullptr;  ///< of the snapshot searched; never nullptr
  /// The name by which it was found, or its only one.
  std::optional<DockerName> name;
  /// Of one of its manifests, where the reference carries one that the image knows.
  std::optional<Digest> digest;
};

/// Searches as podman does: ID, name, for a short name "localhost/NAME", "docker.io/library/NAME",
/// then the start of an ID, then any registry. Throws SEALOS_NOT_FOUND, and SEALOS_INVALID where
/// several images fit.
Found find_image(const Snapshot& snapshot, const ImageForm& form, const std::string& store);

/// The names under which a name, as it was written, may be stored; best first.
std::vector<DockerName> candidates_of(const ImageForm& form);

/// An image that has this manifest, preferably not the one that only came out of the list.
const StoredImage* find_manifest(const Snapshot& snapshot, const Digest& manifest);

}  // namespace sealos::containers_storage
