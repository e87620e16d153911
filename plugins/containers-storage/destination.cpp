#include "destination.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "image_list.hpp"
#include "layer_stream.hpp"
#include "manifest_layers.hpp"
#include "signatures.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"

namespace sealos::containers_storage {
namespace {

constexpr size_t kMaxConfig = 8 << 20;

std::string name_of(std::int64_t compression) {
  static constexpr const char* kNames[] = {"", "bzip2", "gzip", "xz", "zstd"};
  return compression >= 0 && compression < 5 ? kNames[compression] : "";
}

std::vector<Digest> diff_ids_of(const Json& config) {
  std::vector<Digest> out;
  const Json* rootfs = config.find("rootfs");
  const Json* ids = rootfs == nullptr ? nullptr : rootfs->find("diff_ids");
  if (ids == nullptr) return out;
  for (const Json& id : ids->items("diff_ids"))
    out.push_back(Digest::require(id.string("diff_ids")));
  return out;
}

bool has_tar_split(const StoredLayer& layer) {
  const std::string path = layer.root->tar_split_path(layer.id);
  return ::faccessat(layer.root->graph_fd(), path.c_str(), R_OK, 0) == 0;
}

std::unique_ptr<Stream> read_staged(const StagingArea& staging, const StagedLayer& layer) {
  std::vector<Fd> folders;
  folders.push_back(open_at(staging.fd(), layer.folder + "/diff", O_RDONLY | O_DIRECTORY));
  return rebuilt_tar(std::move(folders),
                     open_at(staging.fd(), layer.folder + "/tar-split.gz", O_RDONLY),
                     layer.diff_id.brief(), layer.diff_size);
}

/// The blob that the store once got the layer from.
void take_blob_of(const StoredLayer& layer, StagedLayer& into) {
  if (layer.compressed_digest.empty() || layer.compressed_size < 0) return;
  into.blob_digest = Digest::require(layer.compressed_digest);
  into.blob_size = layer.compressed_size;
  for (const Compression kind : {Compression::none, Compression::bzip2, Compression::gzip,
                                 Compression::xz, Compression::zstd}) {
    if (number_of(kind) == layer.compression) into.compression = kind;
  }
}

}  // namespace

Destination::Destination(sdk::Host host, const StoreSettings& settings, const ImageForm& form,
                         sdk::Intent intent)
    : host_(host), settings_(settings), form_(form), store_(settings) {
  check_writable(settings);
  if (intent == sdk::Intent::write) folders_.emplace(settings, [host] { return host.cancelled(); });
  snapshot_ = store_.load([host] { return host.cancelled(); });
  if (folders_)
    staging_ = folders_->open_staging([host](const std::string& text) { host.warn(text); });
  for (const std::string& warning : settings.warnings) host_.warn(warning);
  if (!form_.name && form_.id.empty()) {
    throw Error(Status::invalid, fmt::format("\"{}\" is no name that an image can be given",
                                             printable(form_.written)));
  }
  if (!form_.id_prefix.empty() && form_.written.find('@') != std::string::npos)
    throw Error(Status::invalid,
                "what follows @ has to be a whole ID for an image that is written");
}

std::vector<std::string> Destination::manifest_types() const {
  return {kOciManifest, kDockerManifest, kOciIndex, kDockerList};
}

Blob Destination::put_blob(const Blob& blob, Stream& from) {
  Blob out = blob;
  if (blob.is_config() || blob.layer_index < 0) {
    std::string bytes = read_stream(from, kMaxConfig, "the image's config");
    out.digest = blob.digest ? *blob.digest : digest_of(bytes);
    out.size = static_cast<std::int64_t>(bytes.size());
    const std::lock_guard lock(mutex_);
    configs_[out.digest->str()] = std::move(bytes);
    return out;
  }
  StagedLayer layer = stage_layer(*staging_, from, blob.digest, folders_->form());
  out.digest = layer.blob_digest;
  out.size = layer.blob_size;
  out.compression = std::string(name_of(layer.compression));
  const std::lock_guard lock(mutex_);
  staged_.insert_or_assign(layer.blob_digest.str(), std::move(layer));
  return out;
}

const StoredLayer* Destination::find_stored(const Digest& digest,
                                            const std::optional<std::string>& compression) const {
  const StoredLayer* best = nullptr;
  for (const StoredLayer& layer : snapshot_.layers) {
    const bool plain = layer.diff_digest == digest.str();
    if (layer.diff_digest.empty() || layer.mapped) continue;
    if (!plain && layer.compressed_digest != digest.str()) continue;
    if (compression && *compression != (plain ? "" : name_of(layer.compression))) continue;
    if (!has_tar_split(layer)) continue;
    if (best == nullptr) best = &layer;
  }
  return best;
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  if (want.blob.is_config() || want.blob.layer_index < 0) return std::nullopt;
  std::vector<const Blob*> candidates{&want.blob};
  for (const Blob& candidate : want.candidates) candidates.push_back(&candidate);
  for (const Blob* candidate : candidates) {
    if (!candidate->digest) continue;
    const StoredLayer* layer = find_stored(*candidate->digest, want.compression);
    if (layer == nullptr) continue;
    Blob out = *candidate;
    const bool plain = layer->diff_digest == candidate->digest->str();
    out.size = plain ? layer->diff_size : layer->compressed_size;
    if (out.size < 0) out.size = candidate->size;
    out.compression = plain ? "" : name_of(layer->compression);
    out.location.clear();
    const std::lock_guard lock(mutex_);
    used_[candidate->digest->str()] = layer->diff_digest;
    return out;
  }
  return std::nullopt;
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  const std::vector<std::string> types = manifest_types();
  if (std::find(types.begin(), types.end(), manifest.label) == types.end()) {
    throw Error(Status::manifest_rejected,
                fmt::format("a store keeps no manifests of type {}", printable(manifest.label)));
  }
  given_.push_back({instance, manifest, {}});
}

void Destination::put_signatures(const std::optional<Digest>& instance,
                                 const std::vector<Item>& items) {
  for (Given& given : given_) {
    if (given.instance == instance) given.signatures = items;
  }
}

/// The layer in another place than where the store, or this image (twin), has it: read and
/// extracted once more.
StagedLayer& Destination::stage_again(const Digest& diff_id, const std::string& id,
                                      StagedLayer* twin) {
  if (const auto at = again_.find(id); at != again_.end()) return *at->second;
  const StoredLayer* layer = twin == nullptr ? find_stored(diff_id, std::nullopt) : nullptr;
  if (twin == nullptr && layer == nullptr) {
    Error e(Status::unavailable,
            fmt::format("layer {} was removed from the store meanwhile", diff_id.brief()));
    throw e.set_retryable();
  }
  const std::unique_ptr<Stream> tar =
      twin != nullptr ? read_staged(*staging_, *twin) : layer_stream(snapshot_, *layer);
  StagedLayer staged = stage_layer(*staging_, *tar, std::nullopt, folders_->form());
  if (staged.diff_id != diff_id) {
    throw Error(Status::corrupt, fmt::format("layer {} in the store has changed: it is now {}",
                                             diff_id.str(), staged.diff_id.str()));
  }
  if (twin != nullptr) {
    staged.blob_digest = twin->blob_digest;
    staged.blob_size = twin->blob_size;
    staged.compression = twin->compression;
  } else {
    take_blob_of(*layer, staged);
  }
  auto& kept = again_[id];
  kept = std::make_unique<StagedLayer>(std::move(staged));
  return *kept;
}

std::vector<ChainLayer> Destination::make_chain(const Json& manifest,
                                                const std::vector<Digest>& diff_ids, Taken& taken) {
  const Json::Array& layers = manifest.at("layers").items("layers");
  if (layers.size() != diff_ids.size()) {
    throw Error(Status::invalid, fmt::format("the manifest has {} layers, the config {}",
                                             layers.size(), diff_ids.size()));
  }
  std::vector<ChainLayer> chain;
  std::string parent;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string digest = layers[i].text_at("digest");
    const auto staged = staged_.find(digest);
    const auto used = used_.find(digest);
    if (staged == staged_.end() && used == used_.end())
      throw Error(Status::invalid, "layer " + printable(digest) + " was not given");
    const std::string own = staged != staged_.end() ? staged->second.diff_id.str() : used->second;
    if (own != diff_ids[i].str()) {
      throw Error(Status::corrupt, fmt::format("layer {} holds the tar {}, the config says {}",
                                               digest, own, diff_ids[i].str()));
    }
    ChainLayer& layer = chain.emplace_back();
    layer.id = layer_id(parent, diff_ids[i]);
    layer.parent = parent;
    parent = layer.id;
    layer.stored = snapshot_.layer(layer.id);
    if (layer.stored != nullptr) continue;
    StagedLayer* own_stage = staged == staged_.end() ? nullptr : &staged->second;
    const bool usable =
        own_stage != nullptr && taken.emplace(own_stage, layer.id).first->second == layer.id;
    layer.staged = usable ? own_stage : &stage_again(diff_ids[i], layer.id, own_stage);
  }
  return chain;
}

std::string Destination::read_config(const std::string& digest) const {
  const auto at = configs_.find(digest);
  if (at == configs_.end())
    throw Error(Status::invalid, "config " + printable(digest) + " was not given");
  return at->second;
}

void Destination::check_name(const Item& top) const {
  if (!form_.name || !form_.name->digest) return;
  const std::string& wanted = form_.name->digest->str();
  const std::string own = digest_of(given_.back().manifest.data).str();
  if (wanted == own || wanted == digest_of(top.data).str()) return;
  throw Error(Status::invalid,
              fmt::format("the manifest's digest is {}, not {} as the name says", own, wanted));
}

NewImage Destination::make_image(const Given& given, const Item& top, Taken& taken) {
  const Json manifest = Json::parse(given.manifest.data);
  const std::string config_digest = manifest.at("config").text_at("digest");
  const std::string config_bytes = read_config(config_digest);
  const Json config = Json::parse(config_bytes);
  NewImage image;
  image.id = Digest::require(config_digest).hex();
  image.created = config.text_at("created");
  image.items.emplace_back(config_digest, config_bytes);
  const std::string own = digest_of(given.manifest.data).str();
  if (is_index_type(top.label) && !given.instance)
    image.items.emplace_back("manifest-" + digest_of(top.data).str(), top.data);
  image.items.emplace_back("manifest-" + own, given.manifest.data);
  image.items.emplace_back("manifest", given.manifest.data);
  if (!given.signatures.empty()) {
    auto [bytes, sizes] = join_signatures(given.signatures);
    // Once for who asks for the image, and once for who asks by the digest, as the peers have it.
    image.items.emplace_back("signatures", bytes);
    image.items.emplace_back("signature-" + own.substr(own.find(':') + 1), std::move(bytes));
    image.metadata.set("signature-sizes", sizes);
    Json by_digest = Json::object();
    by_digest.set(own, std::move(sizes));
    image.metadata.set("signatures-sizes", std::move(by_digest));
  }
  image.chain = make_chain(manifest, diff_ids_of(config), taken);
  return image;
}

/// What was given last is what the reference names.
std::vector<NewImage> Destination::make_images(const Item& top) {
  std::vector<NewImage> images;
  std::map<std::string, std::string> ids;
  Taken taken;
  for (const Given& given : given_) {
    images.push_back(is_index_type(given.manifest.label)
                         ? make_list(given.manifest, ids, settings_, store_.driver())
                         : make_image(given, top, taken));
    ids.emplace(digest_of(given.manifest.data).str(), images.back().id);
  }
  NewImage& named = images.back();
  if (!form_.id.empty() && form_.id != named.id) {
    throw Error(Status::invalid, fmt::format("the image's ID is {}, not {}", named.id, form_.id));
  }
  if (form_.name) named.name = form_.name->str();
  return images;
}

/// Another program may remove a layer that was to be used again just before it is; then the chains
/// are made anew.
std::optional<std::string> Destination::commit(const Item& top) {
  if (given_.empty()) throw Error(Status::invalid, "no manifest was given");
  check_name(top);
  for (int attempt = 0;; ++attempt) {
    try {
      snapshot_ = store_.load(folders_->cancelled());
      std::vector<NewImage> images = make_images(top);
      commit_images(*folders_, *staging_, images);
      break;
    } catch (const Error& e) {
      if (!e.retryable() || attempt == 3) throw;
      host_.debug(e.what());
    }
  }
  staging_.reset();
  return std::nullopt;
}

void Destination::abort() { staging_.reset(); }

}  // namespace sealos::containers_storage
