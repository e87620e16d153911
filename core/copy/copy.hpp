// The copy of one image, or of one index with its images, from any place to any place.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/cache/blob_info_cache.hpp"
#include "core/copy/format_choice.hpp"
#include "core/copy/progress.hpp"
#include "core/custom_resources/cr_option.hpp"
#include "core/encryption/encrypted_layers.hpp"
#include "core/encryption/keys.hpp"
#include "core/encryption/recipients.hpp"
#include "core/host/plugin_loader.hpp"
#include "core/host/services.hpp"
#include "core/manifest/platform.hpp"
#include "core/reference/location.hpp"
#include "core/signing/signer.hpp"

namespace sealos {

/// How often a blob is tried again after a failure that may pass.
struct RetryPolicy {
  unsigned count = 3;
  std::optional<std::chrono::milliseconds> delay;  ///< not given: 1 s, 2 s, 4 s, ...
};

/// Finds the login for "host[:port][/path]"; see Hooks.
using FindCredentials = std::function<std::optional<sdk::Credentials>(const std::string& scope)>;

/// What becomes of the image's custom resource.
struct CrWish {
  custom_resources::CrOption option = custom_resources::CrOption::no;
  /// With `automatic`: also of an image whose files ask for none, for a hub that lists every image.
  bool for_every_image = false;
};

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
  bool all = false;  ///< an index with all its images, not one image of it
  /// Which images of an index; not given: this machine's, as an image without the index. Several:
  /// the index with these, and without the others.
  std::vector<Platform> platforms;
  bool sparse = false;  ///< the index with all its entries, byte for byte, and the chosen images
  bool remove_signatures = false;
  /// What belongs to the images travels as well: what refers to them, and what stands beside them
  /// under a name made of their digests. Their manifests must not change then.
  bool referrers = false;
  /// Removes the source's index once all is done; refused before the first byte where the source
  /// holds no index under that name.
  bool remove_source_index = false;
  std::optional<ManifestFormat> format;  ///< of manifests; not given: as the destination likes them
  CompressionWish compression;
  std::vector<LayerForm> add_compression;  ///< of an index: each image also in these
  bool preserve_digests = false;           ///< the copy fails where a manifest would have to change
  /// Who can read the chosen layers afterwards; nullptr: none is encrypted.
  std::shared_ptr<const encryption::Recipients> recipients = {};
  encryption::EncryptedLayers encrypt_layers = {};
  std::optional<Location> encrypt_base = {};  ///< the layers of this image stay as they are
  /// Opens layers that are encrypted; nullptr: they stay so.
  std::shared_ptr<const encryption::DecryptionKeys> decryption_keys = {};
  /// Each signs every manifest that is written, after it; in turn, never at once.
  std::vector<std::shared_ptr<signing::Signer>> signers = {};
  std::string sign_identity = {};  ///< the name that is signed; "": that of the destination
  /// Who can read the encrypted layers changes, and their bytes stay; nullptr: nobody else can.
  std::shared_ptr<const encryption::RecipientEdit> edit_recipients = {};
  /// Throws where the image may not be read; called before anything of it is. May be empty.
  std::function<void(const Reference& source)> check_policy;
  /// Throws where an image's signatures do not allow that it is read; called for each image that is
  /// copied, before more than its manifest is read. Several at once where the source can. May be
  /// empty.
  std::function<void(const Reference& source, const Digest& manifest,
                     const std::vector<Item>& signatures)>
      check_signatures;
  CrWish custom_resource;
  /// Whether check_signatures looks at them; where it does not, signatures that are not kept are
  /// not read. Empty: it does.
  std::function<bool(const Reference& source)> wants_signatures;
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
  Annotations annotations;                 ///< that belong to the bytes which are stored
  std::optional<Digest> plain;             ///< without compression, where the step wanted to know
  unsigned retries = 0;
  std::chrono::milliseconds time{0};
  std::string why;
  bool config = false;            ///< else a layer
  bool recoded = false;           ///< its compression changes, unless the destination has it
  std::int64_t source_size = -1;  ///< as it is read; -1: the source does not tell
  std::optional<std::string> source_compression = {};  ///< as it is read; nullopt: none is known
  std::string mounted_from = {};                       ///< where it was found, if it is mounted
  std::int64_t read = 0;                               ///< bytes that were read, in all tries
  /// Of a preview: `size` is -1 and `stored` without meaning where only the copy will tell.
  bool digest_known = true;
};

/// What becomes of a manifest or index.
struct ManifestReport {
  Digest digest;  ///< in the source
  std::string media_type;
  std::optional<Digest> stored;      ///< nullopt, in a preview: known when all blobs have arrived
  std::string stored_media_type;     ///< in a preview: the one that would be tried first
  std::string platform;              ///< as the config says; "": it says none
  bool top = false;                  ///< it is what the destination's reference names
  std::vector<std::string> reasons;  ///< why it is not byte for byte the source's
  size_t signatures_kept = 0;        ///< of the source's
  size_t signatures_made = 0;
};

/// A manifest that travels because it belongs to another one.
struct ReferrerReport {
  Digest digest, subject;
  std::string media_type, artifact_type;
  std::string attached;  ///< "sig", "att" or "sbom" beside its subject; "": it names it
};

/// What was done, or in a preview what would be.
struct CopyDetails {
  std::string source, destination;        ///< references in their full form
  std::vector<ManifestReport> manifests;  ///< images, then their indexes; the top one is last
  std::vector<BlobReport> blobs;          ///< those of referrers are among them
  std::string custom_resource = {};       ///< of a preview: what becomes of it; "": nothing to say
  std::vector<ReferrerReport> referrers = {};
};

/// The custom resource that the destination has now.
struct CrReport {
  std::string name;  ///< of the image, without its registry
  Digest digest;     ///< of the artifact's manifest
  bool sent;         ///< else it was there
  Json object;       ///< null where it was not made anew
};

struct CopyReport {
  Location source;  ///< where it was found
  Digest digest;    ///< of the top-level manifest that was written
  std::string media_type;
  std::string reference;  ///< where it is now
  bool manifest_changed = false;
  CopyDetails details;
  std::optional<CrReport> custom_resource = {};  ///< nullopt: the image has none there
};

/// The transport of that name, loaded; throws where there is none (PluginLoader::transport).
using FindTransport = std::function<Transport(std::string_view name)>;

/// What copy_image would do, found out without writing anywhere; the cache is only read. Throws
/// CopyError where the copy could not be begun.
CopyDetails preview_copy(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                         const CopyRequest& request, Progress& progress);

/// Copies, and returns when the destination has committed. With CrOption::only nothing but the
/// custom resource is written, and digest and media_type are those of its manifest. On an error it
/// throws CopyError, after the destination has dropped what it could; the first failure stops all
/// workers and is the one thrown. `cancel` ends the copy from outside; the copy also sets it itself
/// when it fails, so it serves for one copy.
CopyReport copy_image(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                      const CopyRequest& request, Progress& progress);

}  // namespace sealos
