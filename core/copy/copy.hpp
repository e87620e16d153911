// The copy of one image, or of one index with its images, from any place to any place.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/cache/blob_info_cache.hpp"
#include "core/copy/progress.hpp"
#include "core/host/plugin_loader.hpp"
#include "core/host/services.hpp"
#include "core/manifest/platform.hpp"
#include "core/reference/location.hpp"

namespace sealos {

/// How often a blob is tried again after a failure that may pass.
struct RetryPolicy {
  unsigned count = 3;
  std::optional<std::chrono::milliseconds> delay;  ///< not given: 1 s, 2 s, 4 s, ...
};

/// Finds the login for "host[:port][/path]"; see Hooks.
using FindCredentials = std::function<std::optional<sdk::Credentials>(const std::string& scope)>;

struct CopyRequest {
  Location source, destination;
  /// Where the source may be as well, in order; asked for once it turned out not to be there. May
  /// throw why it is nowhere, and may be empty.
  std::function<std::vector<Location>()> source_elsewhere;
  /// For plugins, by the keys that they list. A key that neither transport lists is refused.
  std::map<std::string, std::string> options;
  /// The same for one side alone: refused where its transport does not list the key.
  std::map<std::string, std::string> source_options, destination_options;
  /// What the engine honours itself, handed to plugins as well: never refused.
  std::map<std::string, std::string> engine_options;
  bool credentials_given = false;  ///< refused where neither side asks for any
  /// The logins of one side, in place of those of the hooks; refused where it asks for none.
  FindCredentials source_credentials, destination_credentials;
  bool all = false;                  ///< an index with all its images, not one image of it
  std::optional<Platform> platform;  ///< which image of an index; not given: this machine's
  bool remove_signatures = false;
  /// Removes the source's index once all is done; refused before the first byte where the source
  /// holds no index under that name.
  bool remove_source_index = false;
  /// Throws where the image may not be read; called before anything of it is. May be empty.
  std::function<void(const Reference& source)> check_policy;
  RetryPolicy retry;
  cache::BlobInfoCache* cache = nullptr;  ///< what earlier copies found out; may be nullptr
  unsigned workers = 6;                   ///< blobs at a time, where both ends can
};

/// Which part of a copy an error belongs to.
enum class Side { neither, source, destination, request, policy };

/// An error of a copy, with the side to blame.
class CopyError : public Error {
 public:
  CopyError(const Error& e, Side side) : Error(e), side_(side) {}
  Side side() const { return side_; }

 private:
  Side side_;
};

struct BlobReport {
  Digest digest;  ///< as the source's manifest says
  std::string what;
  BlobOutcome outcome = BlobOutcome::copied;
  Digest stored;
  std::int64_t size = 0;                   ///< of what is stored
  std::optional<std::string> compression;  ///< of what is stored; nullopt: as planned
  unsigned retries = 0;
  std::chrono::milliseconds time{0};
  std::string why;
};

struct CopyReport {
  Location source;  ///< where it was found
  Digest digest;    ///< of the top-level manifest that was written
  std::string media_type;
  std::string reference;  ///< where it is now
  bool manifest_changed = false;
  /// Why the digest is another one although the source's manifest names the layers as a registry
  /// had them; "": it is not, or the manifest was made for this form of the layers.
  std::string why_changed;
  std::vector<BlobReport> blobs;
};

/// The transport of that name, loaded; throws where there is none (PluginLoader::transport).
using FindTransport = std::function<Transport(std::string_view name)>;

/// Copies, and returns when the destination has committed. On an error it throws CopyError, after
/// the destination has dropped what it could; the first failure stops all workers and is the one
/// thrown. `cancel` ends the copy from outside; the copy also sets it itself when it fails, so it
/// serves for one copy.
CopyReport copy_image(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                      const CopyRequest& request, Progress& progress);

}  // namespace sealos
