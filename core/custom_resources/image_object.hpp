// The object of the kind Image that describes an image, and the artifact that carries it. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/custom_resources/content.hpp"
#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/types.hpp"
#include "support/json/json.hpp"

namespace sealos::custom_resources {

inline constexpr const char* kArtifactType = "application/vnd.sealos.image.cr.v1";
inline constexpr const char* kFileType = "application/vnd.sealos.image.cr.v1+yaml";
/// Of the artifact's manifest: the image's name, of which one manifest may have several.
inline constexpr const char* kNameAnnotation = "io.sealos.image.cr.name";
inline constexpr const char* kTitleAnnotation = "org.opencontainers.image.title";
inline constexpr const char* kObjectTitle = "image.yaml";  ///< of the Image object

/// What the image itself tells.
struct ImageFacts {
  std::string name;          ///< without the registry's host: "org/repo:tag"
  std::string id;            ///< the config's digest
  std::string architecture;  ///< as the config says; "": it does not
  std::string created;       ///< as the config says; "": it does not
  std::int64_t size = 0;     ///< bytes of config and layers as they are stored
};

/// The last two members of the config that ImageFacts has; the config may be anything.
void read_config(const std::string& config, ImageFacts& facts);

Json image_object(const ImageFacts& facts, const Content& content);

/// An OCI manifest and its blobs: the same bytes for the same image.
struct Artifact {
  Item manifest;
  std::vector<std::pair<Blob, std::string>> blobs;
};
/// subject: a descriptor with the pushed manifest's media type, digest and size.
Artifact make_artifact(const Json& object, const Content& content, const Json& subject);

/// The Image object and what goes along, as one text of several documents.
std::string shown(const Json& object, const Content& content);

}  // namespace sealos::custom_resources
