#include "daemon_source.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include "archive_index.hpp"
#include "support/digest/hasher.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::docker_daemon {
namespace {

using namespace oci_layout;

constexpr size_t kMostIndex = 4 << 20;

/// The manifest, or one of the index's, that has the config of the item; nullopt: none has.
std::optional<Json> manifest_with_config(const SavedArchive& archive, const Descriptor& top,
                                         const Digest& config) {
  const auto text = archive.text(blob_path(top.digest), kMaxManifest);
  if (!text) return std::nullopt;
  const Json json = Json::parse(*text);
  if (is_manifest(top.media_type)) {
    const bool same = json.at("config").text_at("digest") == config.str();
    return same ? std::optional<Json>(json) : std::nullopt;
  }
  if (!is_index(top.media_type)) return std::nullopt;
  for (const Json& child : json.at("manifests").items("manifests")) {
    const Descriptor descriptor = Descriptor::of(child);
    if (!is_manifest(descriptor.media_type)) continue;
    if (auto found = manifest_with_config(archive, descriptor, config)) return found;
  }
  return std::nullopt;
}

/// Both parts of an archive have to describe one image: two readers must not see two.
void check_agreement(const ArchiveItem& item, const Json& manifest) {
  const Json::Array& layers = manifest.at("layers").items("layers");
  bool same = layers.size() == item.layer_paths.size();
  for (size_t i = 0; same && i < layers.size(); ++i) {
    const std::string& path = item.layer_paths[i];
    same = !path.starts_with("blobs/") ||
           path == blob_path(Digest::require(layers[i].text_at("digest")));
  }
  if (!same) {
    throw Error(Status::corrupt,
                "index.json and manifest.json of the archive describe different images");
  }
}

/// The entry of index.json for the item; nullptr where the archive is no layout, or an old one
/// that leaves the image out.
const Json* find_entry(const SavedArchive& archive, const LayoutIndex& index,
                       const ArchiveItem& item, const DaemonName& wanted) {
  const Digest config = digest_of(item.config);
  const Json* found = nullptr;
  for (const Json& entry : index.entries()) {
    const std::string name = annotation(entry, kContainerdName);
    const bool other_name =
        wanted.name && !wanted.name->tag.empty() && !name.empty() && name != wanted.name->str();
    if (other_name) continue;
    const auto manifest = manifest_with_config(archive, Descriptor::of(entry), config);
    if (!manifest) continue;
    check_agreement(item, *manifest);
    if (found == nullptr) found = &entry;
  }
  return found;
}

void check_room(sdk::Host host, const Json& image) {
  const Json* size = image.find("Size");
  struct statvfs room;
  if (size == nullptr || ::statvfs(host.temp_dir().c_str(), &room) != 0) return;
  const auto free = static_cast<std::int64_t>(room.f_bavail * room.f_frsize);
  if (size->integer("Size") > free) {
    host.warn(fmt::format("docker-daemon: the image has {} MB, and {} has room for {} MB only",
                          size->integer("Size") / 1000000, host.temp_dir(), free / 1000000));
  }
}

}  // namespace

std::unique_ptr<Source> Source::open(sdk::Host host, DaemonClient& client, const DaemonName& name) {
  const std::string shown = name.canonical();
  const auto image = client.inspect(shown);
  if (!image) {
    const char* hint = name.id ? "; with the containerd image store an id is the digest of the "
                                 "manifest, else that of the config"
                               : "";
    throw Error(Status::not_found, fmt::format("docker-daemon: there is no image {} at {}{}", shown,
                                               client.where(), hint));
  }
  check_room(host, *image);
  http::Response response = client.save(shown);
  return std::make_unique<Source>("docker-daemon:" + shown, SavedArchive::receive(host, response),
                                  name);
}

Source::Source(std::string name, std::shared_ptr<const SavedArchive> archive,
               const DaemonName& wanted)
    : name_(std::move(name)) {
  try {
    const auto manifest_json = archive->text("manifest.json", kMostIndex);
    if (!manifest_json)
      throw Error(Status::unsupported, "the daemon's archive has no manifest.json");
    const std::string full_name = wanted.name ? wanted.name->str() : std::string();
    ArchiveItem item = ArchiveItem::find(*archive, *manifest_json, full_name);
    const auto index_json = archive->text("index.json", kMostIndex);
    if (index_json && archive->text("oci-layout", 4096)) {
      const LayoutIndex index = LayoutIndex::parse(*index_json);
      if (const Json* entry = find_entry(*archive, index, item, wanted)) {
        layout_ = std::make_unique<LayoutSource>(name_, archive, *entry);
        return;
      }
      if (!index.entries().empty()) {
        throw Error(Status::corrupt,
                    "index.json and manifest.json of the archive describe different images");
      }
    }
    classic_ = std::make_unique<ClassicImage>(archive, std::move(item));
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  if (layout_) return layout_->read_manifest(instance);
  if (instance && *instance != digest_of(classic_->manifest().data)) {
    throw Error(Status::not_found,
                fmt::format("{}: there is no manifest {}", name_, instance->brief()));
  }
  return classic_->manifest();
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  if (layout_) return layout_->open_blob(blob, offset, length);
  if (!blob.digest) throw Error(Status::invalid, name_ + ": a blob without a digest was asked for");
  try {
    return classic_->open_blob(*blob.digest, offset, length);
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

}  // namespace sealos::docker_daemon
