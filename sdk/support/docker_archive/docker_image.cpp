#include "support/docker_archive/docker_image.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"

namespace sealos::docker_archive {
namespace {

constexpr const char* kManifestType = "application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* kConfigType = "application/vnd.docker.container.image.v1+json";
constexpr const char* kLayerType = "application/vnd.docker.image.rootfs.diff.tar.gzip";

Json descriptor(const char* type, std::int64_t size, const Digest& digest) {
  return Json::object({{"mediaType", type}, {"size", size}, {"digest", digest.str()}});
}

const TarMember& member_named(const TarFile& tar, const std::string& path) {
  const TarMember* member = tar.index().find(path);
  if (member != nullptr) return *member;
  throw Error(
      Status::corrupt,
      fmt::format("\"{}\", which manifest.json names, is not in the archive", printable(path)));
}

std::unique_ptr<Stream> part_of(const std::string& config, std::int64_t offset,
                                std::int64_t length) {
  const auto size = static_cast<std::int64_t>(config.size());
  if (offset < 0 || offset > size || length > size - offset)
    throw Error(Status::corrupt,
                fmt::format("the configuration has {} bytes, fewer than it should", size));
  const size_t most = length < 0 ? std::string::npos : static_cast<size_t>(length);
  return memory_stream(config.substr(static_cast<size_t>(offset), most));
}

/// The digits in "<64 digits>.json" and "blobs/sha256/<64 digits>"; nullopt for other names.
std::optional<Digest> digest_in_name(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  return Digest::parse(fmt::format("sha256:{}", path.substr(0, path.find('.'))));
}

}  // namespace

std::string read_config(const TarFile& tar, const ArchiveItem& item) {
  std::string config = tar.read(member_named(tar, item.config), kMaxText);
  const auto named = digest_in_name(item.config);
  if (named && digest_of(config) != *named) {
    throw Error(Status::corrupt,
                fmt::format("the configuration {} does not have that digest", named->brief()));
  }
  return config;
}

DockerImage::DockerImage(const sdk::Host& host, std::shared_ptr<const TarFile> tar,
                         const ArchiveItem& item)
    : tar_(std::move(tar)),
      config_(read_config(*tar_, item)),
      config_digest_(digest_of(config_)),
      diff_ids_(diff_ids_of(config_)) {
  if (diff_ids_.size() != item.layers.size()) {
    throw Error(Status::invalid, fmt::format("manifest.json names {} layers, the configuration {}",
                                             item.layers.size(), diff_ids_.size()));
  }
  std::map<std::string, Digest> seen;
  for (size_t i = 0; i < diff_ids_.size(); ++i) {
    const auto [at, fresh] = seen.emplace(item.layers[i], diff_ids_[i]);
    if (!fresh && at->second != diff_ids_[i]) {
      throw Error(Status::invalid,
                  fmt::format("\"{}\" stands for two different layers", printable(item.layers[i])));
    }
    if (!layers_.contains(diff_ids_[i]))
      layers_.emplace(diff_ids_[i], examine(host, item.layers[i]));
  }
}

DockerImage::Layer DockerImage::examine(const sdk::Host& host, const std::string& path) const {
  const TarMember& member = member_named(*tar_, path);
  Layer layer{&member, Compression::none, member.size};
  const auto bytes = look_at_compression(tar_->open(member), layer.compression);
  if (layer.compression == Compression::none) return layer;
  host.info(fmt::format("decompressing {} to know its size", printable(path)));
  const auto whole = decompress(borrow(*bytes), layer.compression);
  std::vector<std::byte> buffer(256 * 1024);
  layer.size = 0;
  while (const size_t read = whole->read(buffer)) {
    host.throw_if_cancelled();
    layer.size += static_cast<std::int64_t>(read);
  }
  return layer;
}

Item DockerImage::manifest() const {
  Json layers = Json::array();
  for (const Digest& id : diff_ids_)
    layers.push_back(descriptor(kLayerType, layers_.at(id).size, id));
  const auto size = static_cast<std::int64_t>(config_.size());
  const Json manifest = Json::object({{"schemaVersion", 2},
                                      {"mediaType", kManifestType},
                                      {"config", descriptor(kConfigType, size, config_digest_)},
                                      {"layers", std::move(layers)}});
  return {kManifestType, manifest.dump()};
}

std::unique_ptr<Stream> DockerImage::open_blob(const Digest& digest, std::int64_t size,
                                               std::int64_t offset, std::int64_t length) const {
  if (digest == config_digest_) return part_of(config_, offset, length);
  const auto at = layers_.find(digest);
  if (at == layers_.end())
    throw Error(Status::not_found, fmt::format("there is no blob {} in it", digest.brief()));
  const Layer& layer = at->second;
  if (size >= 0 && size != layer.size) {
    throw Error(Status::corrupt, fmt::format("blob {} has {} bytes but should have {}",
                                             digest.brief(), layer.size, size));
  }
  if (layer.compression == Compression::none) return tar_->open(*layer.member, offset, length);
  if (offset != 0 || length >= 0)
    throw Error(Status::unsupported, "a layer that is decompressed is read from its start");
  return decompress(tar_->open(*layer.member), layer.compression);
}

std::vector<Blob> DockerImage::layer_infos() const {
  std::vector<Blob> infos;
  for (const Digest& id : diff_ids_) {
    Blob blob;
    blob.digest = id;
    blob.size = layers_.at(id).size;
    blob.media_type = "application/vnd.docker.image.rootfs.diff.tar";
    blob.compression = "";
    blob.layer_index = static_cast<std::int64_t>(infos.size());
    infos.push_back(std::move(blob));
  }
  return infos;
}

}  // namespace sealos::docker_archive
