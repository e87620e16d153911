// What earlier copies, ours and those of podman and skopeo, found out about blobs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cache/sqlite.hpp"
#include "core/config/environment.hpp"
#include "sealos/sdk/digest.hpp"

namespace sealos::cache {

/// A blob that may serve instead of another one, or that one itself.
struct BlobCandidate {
  Digest digest;
  std::optional<std::string> compression;  ///< "gzip", "zstd", ..., "": none; nullopt: unknown
  std::string variant = {};                ///< "zstd:chunked", ...; "": none, or unknown
  /// Of the layer's descriptor, as the variant needs them.
  std::vector<std::pair<std::string, std::string>> annotations = {};
  std::string location = {};  ///< where, in the transport's words; "": nobody saw it there yet
};

/// Remembers which blobs are the same but for their compression, and which were seen where. The
/// file and its tables are those of containers/image, blob-info-cache-v1.sqlite. Safe for
/// concurrent use by threads and processes. A database that cannot be read or written is logged
/// once and then ignored: every copy also works without it, so nothing here throws.
///
/// Only what this process has itself verified may be recorded: others trust it. What is recorded
/// is written at the next look-up, at flush, or at the end, in one go.
class BlobInfoCache {
 public:
  /// The file of podman and skopeo: below /var/lib/containers for root, else in the user's data
  /// folder.
  static std::string default_path(const config::Environment& env);

  /// path "": remembers nothing. The file is opened when it is first needed; its folder is made
  /// then.
  /// patience_ms: how long the locks of others are waited for.
  BlobInfoCache(std::string path, const config::Environment& env, int patience_ms = 5000);
  ~BlobInfoCache();
  BlobInfoCache(const BlobInfoCache&) = delete;
  BlobInfoCache& operator=(const BlobInfoCache&) = delete;

  /// The digest of the blob without compression; for a blob that has none, its own.
  std::optional<Digest> uncompressed_digest(const Digest& any);
  /// "gzip", "zstd", ..., "": none; nullopt: unknown.
  std::optional<std::string> compression(const Digest& digest);
  /// Where a blob was seen, the latest first. transport and scope: where locations may be compared,
  /// for instance "docker" and "docker.io".
  std::vector<std::string> locations(std::string_view transport, std::string_view scope,
                                     const Digest& digest);
  /// What could be there instead of copying: the blob itself first, then, if `substitute`, others
  /// with the same content, those seen last first, the uncompressed one at the end. At most five,
  /// of them at most two that nobody saw there; of others than the blob itself the compression is
  /// known.
  std::vector<BlobCandidate> candidates(std::string_view transport, std::string_view scope,
                                        const Digest& digest, bool substitute);

  void record_pair(const Digest& any, const Digest& uncompressed);
  void record_compression(const Digest& digest, std::string_view compression);
  /// variant: "zstd:chunked"; annotations: what its descriptor needs.
  void record_variant(const Digest& digest, std::string_view variant,
                      const std::vector<std::pair<std::string, std::string>>& annotations);
  void record_location(std::string_view transport, std::string_view scope, const Digest& digest,
                       std::string_view location);
  /// The blob turned out not to be there.
  void forget_location(std::string_view transport, std::string_view scope, const Digest& digest,
                       std::string_view location);

  /// Writes what was recorded.
  void flush();

 private:
  using Write = std::function<void(Database&)>;

  /// Runs a look-up after what is still to be written; a failure is logged and gives `otherwise`.
  template <typename Result, typename Body>
  Result look_up(Result otherwise, Body&& body);
  void later(Write write);
  void write_pending();
  Database& open();
  void give_up(const std::string& why, bool& for_good);

  const std::string path_;
  const config::Environment env_;
  const int patience_ms_;
  std::mutex mutex_;  ///< guards all below
  std::unique_ptr<Database> database_;
  std::vector<Write> pending_;
  bool unusable_ = false;  ///< it cannot even be read
  bool unwritable_ = false;
};

}  // namespace sealos::cache
