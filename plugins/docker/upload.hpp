// Writing blobs.
#pragma once

#include <optional>
#include <string>

#include "journal.hpp"
#include "quirks.hpp"
#include "registry.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

/// Its size (-1: not said), if the repository has the blob.
std::optional<std::int64_t> head_blob(Registry& registry, const std::string& repository,
                                      const Digest& digest);

/// Lets the repository share a blob that another one of the same registry has. False if the
/// registry does not want to; nothing is left open then.
bool mount_blob(Registry& registry, const Digest& digest, const std::string& from_repository);

/// Writes blobs to one repository. Safe for concurrent use.
///
/// A failure that may pass is followed by going on where the registry stands, or from the start. A
/// stream with a descriptor is sent again here; any other has been used up, and the failure goes to
/// the caller as one worth another try, which then goes on where the registry stands, too. An
/// upload that fails for good is cancelled at the registry, unless the journal can use it later.
class Uploader {
 public:
  Uploader(Registry& registry, Journal& journal)
      : registry_(registry),
        journal_(journal),
        habits_(known_habit(registry.domain(), registry.settings())) {}

  /// The blob's digest is computed here if it is not known.
  Blob upload(const Blob& blob, Stream& from);

 private:
  Registry& registry_;
  Journal& journal_;
  UploadHabits habits_;
};

}  // namespace sealos::docker
