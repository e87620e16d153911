#include "core/copy/base_layers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/copy/image_reader.hpp"

namespace sealos {
namespace {

std::vector<Digest> layer_digests(const ImageInput& image) {
  std::vector<Digest> digests;
  for (const Descriptor& layer : image.manifest.layers()) digests.push_back(layer.digest);
  return digests;
}

size_t shared(const ImageInput& image, const ImageInput& base) {
  std::vector<Digest> mine = diff_ids_of(image.config), theirs = diff_ids_of(base.config);
  // Schema 1 does not know them.
  const bool known = mine.size() == image.manifest.layers().size() &&
                     theirs.size() == base.manifest.layers().size();
  if (!known) {
    mine = layer_digests(image);
    theirs = layer_digests(base);
  }
  const auto end = std::mismatch(mine.begin(), mine.end(), theirs.begin(), theirs.end());
  return static_cast<size_t>(end.first - mine.begin());
}

const ImageInput& base_for(const ImageInput& image, const std::vector<ImageInput>& base) {
  if (base.size() == 1) return base.front();
  const auto platform = platform_of(image.manifest, image.config);
  for (const ImageInput& one : base) {
    if (one.manifest.is_image() && platform && platform_of(one.manifest, one.config) == platform)
      return one;
  }
  throw Error(Status::invalid, fmt::format("the base image has none for {}",
                                           platform ? printable(platform->str()) : "its platform"));
}

}  // namespace

void find_base_layers(std::vector<ImageInput>& images, const std::vector<ImageInput>& base) {
  for (ImageInput& image : images) {
    if (!image.manifest.is_image()) continue;
    const size_t count = shared(image, base_for(image, base));
    if (count == 0) throw Error(Status::invalid, "the image has no layer of the base image");
    if (count == image.manifest.layers().size())
      throw Error(Status::invalid,
                  "the base image has all layers of the image, and none would be encrypted");
    image.base_layers = count;
  }
}

}  // namespace sealos
