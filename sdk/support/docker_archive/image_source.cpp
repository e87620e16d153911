#include "support/docker_archive/image_source.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"
#include "support/docker_archive/oci_part.hpp"
#include "support/json/json.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/manifest_check.hpp"

namespace sealos::docker_archive {

using Prefer = ReadOptions::Prefer;

ImageSource::ImageSource(const sdk::Host& host, std::string name,
                         std::shared_ptr<const TarFile> tar, const WantedImage& wanted,
                         const ReadOptions& options)
    : name_(std::move(name)) {
  const auto text = archive_text(*tar, "manifest.json", kMaxText);
  if (!text || options.prefer == Prefer::oci) {
    open_oci_alone(host, tar, wanted);
    return;
  }
  const auto items = parse_items(*text);
  const ArchiveItem& item = items[select_item(items, wanted)];
  if (options.prefer == Prefer::agreement) {
    const auto blobs = std::make_shared<ArchiveBlobs>(tar);
    const auto part = find_oci_part(*blobs, item, read_config(*tar, item), wanted.name);
    if (part.disagrees) {
      throw Error(Status::invalid, fmt::format("manifest.json and index.json in it name different "
                                               "images{}{}",
                                               options.advice.empty() ? "" : "; ", options.advice));
    }
    if (part.entry) {
      oci_ = std::make_unique<oci_layout::LayoutSource>(name_, blobs, *part.entry);
      return;
    }
  }
  docker_ = std::make_unique<DockerImage>(host, tar, item);
}

void ImageSource::open_oci_alone(const sdk::Host& host, const std::shared_ptr<const TarFile>& tar,
                                 const WantedImage& wanted) {
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
  const oci_layout::LayoutName same{"", wanted.name ? wanted.name->str() : "", wanted.position};
  oci_ = std::make_unique<oci_layout::LayoutSource>(name_, std::make_shared<ArchiveBlobs>(tar),
                                                    index.entries()[index.select(same)]);
}

Item ImageSource::read_manifest(const std::optional<Digest>& instance) {
  if (oci_) return oci_->read_manifest(instance);
  Item manifest = docker_->manifest();
  if (instance && digest_of(manifest.data, instance->algorithm()) != *instance) {
    throw Error(Status::not_found,
                fmt::format("{}: there is no manifest {} in it", name_, instance->brief()));
  }
  return manifest;
}

std::unique_ptr<Stream> ImageSource::open_blob(const Blob& blob, std::int64_t offset,
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
std::vector<Blob> ImageSource::layer_infos(const std::optional<Digest>& instance) {
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
