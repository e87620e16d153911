// The details of a reference: NAME[@/REPOSITORY]. No I/O but a look at the folders of the path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/digest.hpp"

namespace sealos::ostree {

class Name {
 public:
  /// Throws SEALOS_INVALID where it follows no grammar, SEALOS_NOT_FOUND where the folder around
  /// the repository does not exist.
  explicit Name(std::string_view details);

  /// As typed, and with a tag or digest: "foo:latest" for "foo". Not normalised: that and
  /// "docker.io/library/foo:latest" are two images.
  const std::string& image() const { return image_; }
  /// Absolute, with links resolved.
  const std::string& repository() const { return repository_; }
  /// That the name ends with.
  const std::optional<Digest>& digest() const { return digest_; }
  /// Without tag and digest.
  std::string untagged() const;

  std::string canonical() const { return image_ + "@" + repository_; }
  std::string policy_identity() const { return repository_ + ":" + image_; }
  std::vector<std::string> policy_namespaces() const;

 private:
  std::string image_, repository_;
  std::optional<Digest> digest_;
};

/// The name without what stands behind its last component.
std::string untagged(std::string_view image);

/// Throws SEALOS_INVALID for what cannot be a scope of a policy: "/absolute/path:...".
void check_scope(std::string_view scope);

}  // namespace sealos::ostree
