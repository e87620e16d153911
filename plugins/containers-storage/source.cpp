#include "source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "layer_stream.hpp"
#include "manifest_layers.hpp"
#include "signatures.hpp"
#include "support/file/file_stream.hpp"

namespace sealos::containers_storage {

Source::Source(sdk::Host host, StoreSettings settings, const ImageForm& form)
    : host_(host), store_(settings), snapshot_(store_.load([host] { return host.cancelled(); })) {
  for (const std::string& warning : settings.warnings) host_.warn(warning);
  found_ = find_image(snapshot_, form, store_.graphroot());
  host_.debug(fmt::format("image {} in {} ({})", found_.image->id.substr(0, 12),
                          found_.image->root->path(), store_.driver()));
}

const StoredImage& Source::image_of(const std::optional<Digest>& instance) const {
  if (!instance || found_.image->has_item("manifest-" + instance->str())) return *found_.image;
  if (const StoredImage* other = find_manifest(snapshot_, *instance)) return *other;
  throw Error(Status::not_found, fmt::format("{} of \"{}\" is not in the store {}", instance->str(),
                                             found_.image->id.substr(0, 12), store_.graphroot()));
}

std::string Source::manifest_of(const StoredImage& image,
                                const std::optional<Digest>& digest) const {
  if (digest) {
    const std::string key = "manifest-" + digest->str();
    if (image.has_item(key)) return read_item(image, key);
    const auto own = image.big_data_digests.find("manifest");
    if (own == image.big_data_digests.end() || own->second != digest->str()) {
      throw Error(Status::not_found, fmt::format("image {} has no manifest {}",
                                                 image.id.substr(0, 12), digest->str()));
    }
  }
  return read_item(image, "manifest");
}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  std::string text = manifest_of(image_of(instance), instance ? instance : found_.digest);
  std::string type = manifest_type_of(text);
  return {std::move(type), std::move(text)};
}

std::vector<Blob> Source::layer_infos(const std::optional<Digest>& instance) {
  const StoredImage& image = image_of(instance);
  const std::string manifest = manifest_of(image, instance ? instance : found_.digest);
  if (is_index_type(manifest_type_of(manifest))) return {};
  return layers_as_stored(manifest, snapshot_.chain(image), image.id.substr(0, 12));
}

std::string Source::read_config(const Digest& digest) const {
  const auto has = [&](const StoredImage& image) { return image.has_item(digest.str()); };
  const auto at = has(*found_.image)
                      ? snapshot_.images.begin() + (found_.image - snapshot_.images.data())
                      : std::find_if(snapshot_.images.begin(), snapshot_.images.end(), has);
  if (at == snapshot_.images.end()) {
    throw Error(Status::not_found,
                fmt::format("{} is not in the store {}", digest.str(), store_.graphroot()));
  }
  return read_item(*at, digest.str());
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  if (!blob.digest) throw Error(Status::invalid, "a blob without a digest cannot be looked up");
  const StoredLayer* best = nullptr;
  for (const StoredLayer& layer : snapshot_.layers) {
    if (layer.tar_digest() == blob.digest->str() && (best == nullptr || best->mapped))
      best = &layer;
  }
  if (best == nullptr || blob.is_config()) {
    std::string text = read_config(*blob.digest);
    if (offset < 0 || static_cast<size_t>(offset) > text.size())
      throw Error(Status::invalid, "an offset behind the end of a blob");
    const size_t most = length < 0 ? std::string::npos : static_cast<size_t>(length);
    return memory_stream(text.substr(static_cast<size_t>(offset), most));
  }
  if (offset != 0 || length >= 0)
    throw Error(Status::unsupported, "a layer in a store can only be read as a whole");
  return layer_stream(snapshot_, *best);
}

std::vector<Item> Source::read_signatures(const std::optional<Digest>& instance) {
  const StoredImage& image = image_of(instance);
  if (instance) return read_signatures_of(image, instance->str());
  const auto own = image.big_data_digests.find("manifest");
  if (found_.digest) return read_signatures_of(image, found_.digest->str());
  return read_signatures_of(image, own == image.big_data_digests.end() ? "" : own->second);
}

}  // namespace sealos::containers_storage
