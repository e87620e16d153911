// What could be at the destination already, and what was learned for the next copy.
#pragma once

#include <optional>
#include <string>

#include "core/cache/blob_info_cache.hpp"
#include "core/copy/copy.hpp"
#include "core/copy/plan.hpp"
#include "core/host/reference.hpp"

namespace sealos {

/// Asks and feeds the cache of blobs. Safe for concurrent use. Format of locations and scopes:
/// containers/image, docker's are the repository and its host.
class ReuseFinder {
 public:
  /// cache may be nullptr. exact: no blob may stand in for another one with the same content.
  ReuseFinder(cache::BlobInfoCache* cache, const Reference& from, const Reference& to,
              bool exact = false);

  /// What the destination should look for before the blob is put; nullopt: nothing is known.
  std::optional<Reuse> wanted(const BlobStep& step) const;

  /// The digest of the layer without compression, if an earlier copy found it out.
  std::optional<Digest> plain_of(const BlobStep& step) const;
  /// The destination's place as locations of blobs name it; "": it has none.
  const std::string& destination() const { return to_location_; }

  /// After the blob is there.
  void record(const BlobStep& step, const BlobReport& report);

 private:
  void add_sightings(Reuse& want) const;
  void add_substitutes(const BlobStep& step, Reuse& want) const;
  void record_copied(const BlobStep& step, const BlobReport& report);

  cache::BlobInfoCache* cache_;
  const bool exact_;
  std::string from_transport_, from_scope_, from_location_;
  std::string to_transport_, to_scope_, to_location_;
};

/// What the destination is told of the blob before it has it.
Blob announced(const BlobStep& step);

}  // namespace sealos
