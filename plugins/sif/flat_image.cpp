#include "flat_image.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "definition_scripts.hpp"
#include "destination.hpp"
#include "image_config.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::sif {
namespace {

constexpr std::int64_t kMostText = 4 << 20;
constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kLayerType = "application/vnd.oci.image.layer.v1.tar";
constexpr std::string_view kScriptPath = "podman/runscript";

[[noreturn]] void refuse_file_system(FileSystem kind) {
  switch (kind) {
    case FileSystem::ext3:
      throw Error(Status::unsupported,
                  "the root file system is ext3, which cannot be read here; convert the image with "
                  "the tool that made it (\"apptainer build new.sif old.sif\")");
    case FileSystem::encrypted_squashfs:
    case FileSystem::gocryptfs:
      throw Error(Status::unsupported,
                  "the root file system is encrypted; decrypt it with the tool that made it");
    default:
      throw Error(Status::unsupported, fmt::format("the root file system is of kind {}, which "
                                                   "cannot be read here",
                                                   static_cast<int>(kind)));
  }
}

bool is_primary(const Descriptor& object) {
  return object.partition && object.partition->type == PartitionType::primary_system;
}

oci_layout::Descriptor descriptor(std::string_view type, const Digest& digest, size_t size) {
  return {std::string(type), digest, static_cast<std::int64_t>(size)};
}

}  // namespace

const Descriptor& root_partition(const SifFile& file) {
  const auto& all = file.descriptors();
  const auto found = std::find_if(all.begin(), all.end(), is_primary);
  if (found == all.end())
    throw Error(Status::invalid, "there is no root file system in it: no primary partition");
  if (std::count_if(all.begin(), all.end(), is_primary) > 1)
    throw Error(Status::invalid, "it has more than one root file system");
  if (found->partition->file_system != FileSystem::squashfs)
    refuse_file_system(found->partition->file_system);
  return *found;
}

FlatImage::FlatImage(const sdk::Host& host, std::shared_ptr<const SifFile> file, bool as_peers)
    : host_(host),
      file_(std::move(file)),
      partition_(&root_partition(*file_)),
      as_peers_(as_peers) {
  reader();  // what cannot be read is refused at once
  find_script();
}

std::string FlatImage::read_text(const Descriptor& object) const {
  return file_->read(object, kMostText);
}

/// As the peers: of one definition, and only where nothing says better how to run the image.
void FlatImage::find_script() {
  if (!as_peers_ && (file_->find(DataType::json, kKeptConfig) != nullptr ||
                     file_->find(DataType::json, kOciConfig) != nullptr)) {
    return;
  }
  const auto& all = file_->descriptors();
  const auto is_definition = [](const Descriptor& object) {
    return object.type == DataType::definition;
  };
  if (std::count_if(all.begin(), all.end(), is_definition) != 1) return;
  script_ = peer_script(read_text(*std::find_if(all.begin(), all.end(), is_definition)));
}

std::unique_ptr<SquashfsReader> FlatImage::reader() const {
  return std::make_unique<SquashfsReader>(file_->fd(), partition_->offset, partition_->size);
}

std::unique_ptr<Stream> FlatImage::layer(bool warns) const {
  SquashfsTarOptions options;
  if (warns) options.warn = [host = host_](const std::string& text) { host.warn(text); };
  if (!script_.empty()) {
    TarFields folder, script;
    folder.name = std::string(kScriptPath.substr(0, kScriptPath.find('/') + 1));
    folder.type = '5';
    script.name = std::string(kScriptPath);
    script.size = static_cast<std::int64_t>(script_.size());
    folder.mode = script.mode = 0755;
    folder.mtime = script.mtime = std::max<std::int64_t>(0, file_->header().modified);
    options.added = {{folder, ""}, {script, script_}};
  }
  return std::make_unique<SquashfsTar>(reader(), std::move(options));
}

std::string FlatImage::architecture() const {
  for (const std::string& code : {file_->header().arch, partition_->partition->arch}) {
    const std::string_view name = architecture_of(code);
    if (!name.empty()) return std::string(name);
  }
  return "unknown";
}

/// Labels that the SIF, or the builder of its image, keeps beside the file system.
Json FlatImage::labels() const {
  Json none = Json::object();
  const Descriptor* object = file_->find(DataType::json, kInspectMetadata);
  if (object == nullptr) return none;
  const Json json = Json::parse(read_text(*object));
  const Json* at = &json;
  for (const char* key : {"data", "attributes", "labels"}) {
    at = at->find(key);
    if (at == nullptr) return none;
  }
  const Json checked = checked_config(Json::object({{"Labels", *at}}).dump());
  const Json* labels = checked.find("Labels");
  return labels == nullptr ? none : *labels;
}

/// The member "config".
Json FlatImage::run_config() const {
  if (!as_peers_) {
    if (const Descriptor* object = file_->find(DataType::json, kOciConfig))
      return checked_config(read_text(*object));
  }
  Json config = Json::object(
      {{"Cmd", Json::Array{script_.empty() ? "bash" : "/" + std::string(kScriptPath)}}});
  if (as_peers_) return config;
  if (Json known = labels(); !known.members("labels").empty()) config.set("Labels", known);
  return config;
}

/// What is known of the image but its layers.
Json FlatImage::config_base() const {
  if (const Descriptor* kept = as_peers_ ? nullptr : file_->find(DataType::json, kKeptConfig)) {
    Json json = Json::parse(read_text(*kept));
    if (!json.is_object()) throw Error(Status::invalid, "the configuration kept in it is none");
    json.erase("rootfs");
    json.erase("history");
    return json;
  }
  Json json = Json::object();
  if (file_->header().modified >= 0) json.set("created", time_text(file_->header().modified));
  json.set("architecture", architecture());
  json.set("os", "linux");
  json.set("config", run_config());
  return json;
}

std::string FlatImage::config_for(const Digest& layer) const {
  Json json = config_base();
  json.set("rootfs", Json::object({{"type", "layers"}, {"diff_ids", Json::Array{layer.str()}}}));
  Json added =
      Json::object({{"created_by", fmt::format("/bin/sh -c #(nop) ADD file:{} in /", layer.hex())},
                    {"comment", "imported from SIF, uuid: " + uuid_text(file_->header().id)}});
  Json command =
      Json::object({{"created_by", R"(/bin/sh -c #(nop) CMD ["bash"])"}, {"empty_layer", true}});
  if (const Json* created = json.find("created")) {
    const Json time = *created;
    added.set("created", time);
    command.set("created", time);
  }
  Json history = Json::Array{added};
  if (as_peers_) history.push_back(command);
  json.set("history", std::move(history));
  return json.dump();
}

FlatImage::Made FlatImage::make() const {
  reader()->survey([this] { host_.throw_if_cancelled(); });
  const auto tar = layer(true);
  Hasher hasher;
  std::vector<std::byte> buffer(256 * 1024);
  std::int64_t size = 0;
  while (const size_t n = tar->read(buffer)) {
    host_.throw_if_cancelled();
    hasher.update({buffer.data(), n});
    size += static_cast<std::int64_t>(n);
    host_.progress("reading the SIF", size, -1);
  }
  const Digest digest = hasher.finish();
  std::string config = config_for(digest);
  const Digest config_digest = digest_of(config);
  const Json manifest = Json::object(
      {{"schemaVersion", 2},
       {"mediaType", oci_layout::kOciManifest},
       {"config", descriptor(kConfigType, config_digest, config.size()).json()},
       {"layers", Json::Array{descriptor(kLayerType, digest, static_cast<size_t>(size)).json()}}});
  return {manifest.dump(), std::move(config), config_digest, digest, size};
}

const FlatImage::Made& FlatImage::made() {
  const std::lock_guard lock(mutex_);
  if (!made_) made_ = make();
  return *made_;
}

Item FlatImage::manifest() { return {std::string(oci_layout::kOciManifest), made().manifest}; }

std::unique_ptr<Stream> FlatImage::open_blob(const Blob& blob, std::int64_t offset,
                                             std::int64_t length) {
  const Made& known = made();
  if (offset != 0 || length >= 0)
    throw Error(Status::unsupported, "a blob that is made of a SIF is read from its start");
  if (blob.digest == known.config_digest) return memory_stream(known.config);
  if (blob.digest == known.layer_digest) return layer(false);
  throw Error(Status::not_found, "there is no such blob in it");
}

}  // namespace sealos::sif
