#include "classic_image.hpp"

#include <fmt/format.h>

#include "support/compression/compression.hpp"
#include "support/digest/hasher.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/file/file_stream.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::docker_daemon {
namespace {

using oci_layout::kDockerManifest;
using oci_layout::kMaxManifest;

constexpr const char* kDockerConfig = "application/vnd.docker.container.image.v1+json";
constexpr const char* kPlainLayer = "application/vnd.docker.image.rootfs.diff.tar";

bool has_tag(const Json& entry, const std::string& full_name) {
  const Json* tags = entry.find("RepoTags");
  if (tags == nullptr) return false;
  for (const Json& tag : tags->items("RepoTags")) {
    try {
      if (DockerName::parse(tag.string("RepoTags")).str() == full_name) return true;
    } catch (const Error&) {
      continue;  // a name that is none is not the one that is meant
    }
  }
  return false;
}

const Json& entry_for(const Json::Array& entries, const std::string& full_name) {
  if (entries.size() == 1) return entries.front();
  for (const Json& entry : entries) {
    if (!full_name.empty() && has_tag(entry, full_name)) return entry;
  }
  throw Error(Status::not_found,
              fmt::format("manifest.json has {} images, and none of them is the one that is meant",
                          entries.size()));
}

Json descriptor(const char* type, const Digest& digest, std::int64_t size) {
  return Json::object({{"mediaType", type}, {"size", size}, {"digest", digest.str()}});
}

}  // namespace

ArchiveItem ArchiveItem::find(const SavedArchive& archive, std::string_view manifest_json,
                              const std::string& full_name) {
  const Json all = Json::parse(manifest_json);
  const Json& entry = entry_for(all.items("manifest.json"), full_name);
  ArchiveItem item;
  item.config_path = entry.at("Config").string("Config");
  const auto config = archive.text(item.config_path, kMaxManifest);
  if (!config) {
    throw Error(Status::corrupt, fmt::format("the config {} is missing in the archive",
                                             printable(item.config_path)));
  }
  item.config = *config;
  if (const Json* layers = entry.find("Layers")) {
    for (const Json& path : layers->items("Layers"))
      item.layer_paths.push_back(path.string("Layers"));
  }
  const Json parsed = Json::parse(item.config);
  if (const Json* ids = parsed.at("rootfs").find("diff_ids")) {
    for (const Json& id : ids->items("diff_ids"))
      item.diff_ids.push_back(Digest::require(id.string("diff_ids")));
  }
  if (item.diff_ids.size() != item.layer_paths.size()) {
    throw Error(Status::corrupt, fmt::format("manifest.json names {} layers, and the config {}",
                                             item.layer_paths.size(), item.diff_ids.size()));
  }
  return item;
}

ClassicImage::ClassicImage(std::shared_ptr<const SavedArchive> archive, ArchiveItem item)
    : archive_(std::move(archive)),
      item_(std::move(item)),
      config_digest_(digest_of(item_.config)) {
  Json layers = Json::array();
  for (size_t i = 0; i < item_.diff_ids.size(); ++i) {
    const Digest& id = item_.diff_ids[i];
    auto at = layers_.find(id);
    if (at == layers_.end()) at = layers_.emplace(id, look_at(item_.layer_paths[i])).first;
    layers.push_back(descriptor(kPlainLayer, id, at->second.size));
  }
  manifest_.label = kDockerManifest;
  manifest_.data =
      Json::object({{"schemaVersion", 2},
                    {"mediaType", kDockerManifest},
                    {"config", descriptor(kDockerConfig, config_digest_,
                                          static_cast<std::int64_t>(item_.config.size()))},
                    {"layers", std::move(layers)}})
          .dump();
}

/// What is compressed has to be decompressed once to know how large it is.
ClassicImage::Layer ClassicImage::look_at(const std::string& path) const {
  const TarMember* member = archive_->find(path);
  if (member == nullptr) {
    throw Error(Status::corrupt,
                fmt::format("the layer {} is missing in the archive", printable(path)));
  }
  Compression kind = Compression::none;
  const auto bytes = look_at_compression(archive_->open(*member), kind);
  if (kind == Compression::none) return {member, false, member->size};
  const auto plain = decompress(borrow(*bytes), kind);
  std::vector<std::byte> buffer(256 * 1024);
  std::int64_t size = 0;
  while (const size_t n = plain->read(buffer)) size += static_cast<std::int64_t>(n);
  return {member, true, size};
}

std::unique_ptr<Stream> ClassicImage::open_blob(const Digest& digest, std::int64_t offset,
                                                std::int64_t length) const {
  if (digest == config_digest_)
    return archive_->open(*archive_->find(item_.config_path), offset, length);
  const auto at = layers_.find(digest);
  if (at == layers_.end())
    throw Error(Status::not_found, fmt::format("the image has no blob {}", digest.brief()));
  const Layer& layer = at->second;
  if (!layer.compressed) return archive_->open(*layer.member, offset, length);
  if (offset != 0 || length >= 0) {
    throw Error(Status::unsupported,
                fmt::format("blob {} can only be read as a whole", digest.brief()));
  }
  return decompress_any(archive_->open(*layer.member));
}

}  // namespace sealos::docker_daemon
