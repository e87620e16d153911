#include "source.hpp"

#include <fmt/format.h>

#include "oci_part.hpp"
#include "support/digest/hasher.hpp"
#include "support/json/json.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/manifest_check.hpp"

namespace sealos::docker_archive {
namespace {

enum class Prefer { agreement, oci, docker };

Prefer preference(const sdk::Host& host) {
  const std::string wish = host.option("docker-archive.prefer").value_or("");
  if (wish.empty()) return Prefer::agreement;
  if (wish == "oci") return Prefer::oci;
  if (wish == "docker") return Prefer::docker;
  throw Error(
      Status::invalid,
      fmt::format("docker-archive.prefer must be oci or docker, not \"{}\"", printable(wish)));
}

oci_layout::LayoutName layout_name(const ArchiveName& name) {
  oci_layout::LayoutName same{name.path, name.name ? name.name->str() : "", name.position};
  return same;
}

}  // namespace

Source::Source(const sdk::Host& host, std::shared_ptr<const TarFile> tar, const ArchiveName& name)
    : name_("docker-archive:" + printable(name.path)) {
  const Prefer prefer = preference(host);
  const auto text = archive_text(*tar, "manifest.json", kMaxText);
  if (!text || prefer == Prefer::oci) {
    open_oci_alone(host, tar, name);
    return;
  }
  const auto items = parse_items(*text);
  const ArchiveItem& item = items[select_item(items, name)];
  if (prefer == Prefer::agreement) {
    const auto blobs = std::make_shared<ArchiveBlobs>(tar);
    const auto entry = find_oci_entry(*blobs, item, read_config(*tar, item), name.name);
    if (entry) {
      oci_ = std::make_unique<oci_layout::LayoutSource>(name_, blobs, *entry);
      return;
    }
  }
  docker_ = std::make_unique<DockerImage>(host, tar, item);
}

void Source::open_oci_alone(const sdk::Host& host, const std::shared_ptr<const TarFile>& tar,
                            const ArchiveName& name) {
  const auto text = archive_text(*tar, "index.json");
  if (!text && archive_text(*tar, "repositories")) {
    throw Error(Status::unsupported,
                "it has no manifest.json: it is from a Docker before 1.10, to be loaded into an "
                "old Docker and saved again");
  }
  if (!text)
    throw Error(Status::invalid, "there is no manifest.json in it: it is no Docker archive");
  if (const auto layout = archive_text(*tar, "oci-layout"))
    oci_layout::check_layout_version(*layout);
  host.warn(fmt::format("{} is read as an OCI archive, without manifest.json", name_));
  const auto index = oci_layout::LayoutIndex::parse(*text);
  oci_ = std::make_unique<oci_layout::LayoutSource>(
      name_, std::make_shared<ArchiveBlobs>(tar), index.entries()[index.select(layout_name(name))]);
}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  if (oci_) return oci_->read_manifest(instance);
  Item manifest = docker_->manifest();
  if (instance && digest_of(manifest.data, instance->algorithm()) != *instance) {
    throw Error(Status::not_found,
                fmt::format("{}: there is no manifest {} in it", name_, instance->brief()));
  }
  return manifest;
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  if (oci_) return oci_->open_blob(blob, offset, length);
  if (!blob.digest) throw Error(Status::invalid, name_ + ": a blob without a digest was asked for");
  try {
    return docker_->open_blob(*blob.digest, blob.size, offset, length);
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

/// The OCI part has the layers that its manifests say; those of manifest.json differ in kind.
std::vector<Blob> Source::layer_infos(const std::optional<Digest>& instance) {
  if (docker_) return docker_->layer_infos();
  std::vector<Blob> infos;
  const Json manifest = Json::parse(oci_->read_manifest(instance).data);
  const Json* layers = manifest.find("layers");
  if (layers == nullptr) return infos;
  for (const Json& layer : layers->items("layers")) {
    const auto descriptor = oci_layout::Descriptor::of(layer);
    Blob blob;
    blob.digest = descriptor.digest;
    blob.size = descriptor.size;
    blob.media_type = descriptor.media_type;
    if (const Json* urls = layer.find("urls")) {
      for (const Json& url : urls->items("urls")) blob.urls.push_back(url.string("urls"));
    }
    blob.layer_index = static_cast<std::int64_t>(infos.size());
    infos.push_back(std::move(blob));
  }
  return infos;
}

}  // namespace sealos::docker_archive
