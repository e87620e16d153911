#include "unpacked_image.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::sif {
namespace {

// github.com/sylabs/oci-tools, media types of SingularityCE.
constexpr std::string_view kSquashfsType = "application/vnd.sylabs.image.layer.v1.squashfs";
constexpr std::string_view kExt3Type = "application/vnd.sylabs.image.layer.v1.ext3";
constexpr std::string_view kTarType = "application/vnd.oci.image.layer.v1.tar";
constexpr size_t kMostConfigText = 4 << 20;

}  // namespace

UnpackedImage::UnpackedImage(const sdk::Host& host, std::shared_ptr<const SifFile> file,
                             std::unique_ptr<oci_layout::LayoutSource> original)
    : host_(host), file_(std::move(file)), original_(std::move(original)) {
  const Item manifest = original_->read_manifest(std::nullopt);
  if (oci_layout::is_index(manifest.label))
    throw Error(Status::unsupported, "it has several images, which can be had as they are only");
  const Json json = Json::parse(manifest.data);
  for (const Json& layer : json.at("layers").items("layers")) {
    if (layer.text_at("mediaType") != kExt3Type) continue;
    throw Error(Status::unsupported, "a layer of it is an ext3, which cannot be read here");
  }
}

std::string UnpackedImage::read(const Json& descriptor) {
  const auto of = oci_layout::Descriptor::of(descriptor);
  Blob blob;
  blob.digest = of.digest;
  blob.size = of.size;
  std::string text =
      read_stream(*original_->open_blob(blob, 0, -1), kMostConfigText, "the image's configuration");
  if (digest_of(text, of.digest.algorithm()) != of.digest)
    throw Error(Status::corrupt, "the image's configuration does not have its digest");
  return text;
}

SquashfsLayer UnpackedImage::layer_of(const Json& descriptor, bool overlay) const {
  const std::string digest = descriptor.text_at("digest");
  for (const sif::Descriptor& object : file_->descriptors()) {
    if (object.type == DataType::oci_blob && object.digest == digest)
      return SquashfsLayer(host_, file_, object, overlay);
  }
  throw Error(Status::not_found, fmt::format("there is no blob {} in it", printable(digest)));
}

UnpackedImage::Made UnpackedImage::make() {
  Json manifest = Json::parse(original_->read_manifest(std::nullopt).data);
  Json config = Json::parse(read(manifest.at("config")));
  Json::Array& layers = manifest.find("layers")->items("layers");
  Json* const rootfs = config.find("rootfs");
  Json* const ids = rootfs == nullptr ? nullptr : rootfs->find("diff_ids");
  if (ids == nullptr || ids->items("diff_ids").size() != layers.size())
    throw Error(Status::invalid, "the image's configuration has another number of layers");
  std::map<Digest, SquashfsLayer> unpacked;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].text_at("mediaType") != kSquashfsType) continue;
    // In an image of one layer a device 0:0 is a device: nothing is below that it could hide.
    const SquashfsLayer layer = layer_of(layers[i], layers.size() > 1);
    const SquashfsLayer::Measure is = layer.measure();
    layers[i] = oci_layout::Descriptor{std::string(kTarType), is.digest, is.size}.json();
    ids->items("diff_ids")[i] = Json(is.digest.str());
    unpacked.emplace(is.digest, layer);
  }
  std::string text = config.dump();
  const Digest digest = digest_of(text);
  const std::string type = manifest.at("config").text_at("mediaType");
  manifest.set("config",
               oci_layout::Descriptor{type, digest, static_cast<std::int64_t>(text.size())}.json());
  return {manifest.dump(), std::move(text), digest, std::move(unpacked)};
}

const UnpackedImage::Made& UnpackedImage::made() {
  const std::lock_guard lock(mutex_);
  if (!made_) made_ = make();
  return *made_;
}

Item UnpackedImage::manifest() {
  return {original_->read_manifest(std::nullopt).label, made().manifest};
}

std::unique_ptr<Stream> UnpackedImage::open_blob(const Blob& blob, std::int64_t offset,
                                                 std::int64_t length) {
  const Made& known = made();
  const bool config = blob.digest == known.config_digest;
  const auto layer = blob.digest ? known.layers.find(*blob.digest) : known.layers.end();
  if (!config && layer == known.layers.end()) return original_->open_blob(blob, offset, length);
  if (offset != 0 || length >= 0)
    throw Error(Status::unsupported, "a blob that is made of a SIF is read from its start");
  if (config) return memory_stream(known.config);
  return layer->second.open();
}

}  // namespace sealos::sif
