// An image, or an index with its images, read in full and compared with what it says of itself.
#pragma once

#include <string>
#include <vector>

#include "core/copy/copy.hpp"

namespace sealos {

/// One thing that is not as it should be.
struct VerifyProblem {
  enum class Kind {
    content,  ///< something is missing, or is not what a digest, a size or a manifest says
    policy,   ///< the signatures are not those that the policy demands
    unread    ///< it could not be read, so that nothing is known of it
  };
  Kind kind;
  std::string what;  ///< "manifest sha256:...", "layer ..."
  std::string why;
};

struct VerifyReport {
  std::string source;               ///< the reference in its full form
  std::optional<Digest> digest;     ///< of the top-level manifest; nullopt: it could not be read
  size_t manifests = 0, blobs = 0;  ///< that were read
  std::int64_t bytes = 0;           ///< of blobs
  size_t closed = 0;                ///< encrypted layers that no key opened: not looked into
  size_t elsewhere = 0;             ///< layers that are at their URLs only
  size_t signatures = 0;            ///< that came with the images
  std::vector<VerifyProblem> problems;  ///< in the order of the manifests

  bool has(VerifyProblem::Kind kind) const;
};

/// Of the request, the source and all that says how it is read and what of it. What is wrong with
/// one part keeps no other from being looked at. Throws CopyError where the image cannot be opened
/// or found, and when it is cancelled.
VerifyReport verify_image(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                          const CopyRequest& request, Progress& progress);

}  // namespace sealos
