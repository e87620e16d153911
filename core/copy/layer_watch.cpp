#include "core/copy/layer_watch.hpp"

#include <algorithm>
#include <string_view>

namespace sealos {
namespace {

using custom_resources::LayerFiles;
using custom_resources::LayerScanner;

/// What is looked into though nothing says that it is worth it: it takes a millisecond.
constexpr std::int64_t kSmallLayer = 64 * 1024;
constexpr std::string_view kLabelPrefix = "sealos.io.";

bool has_label(const Json* labels) {
  if (labels == nullptr || !labels->is_object()) return false;
  const auto& members = labels->members("labels");
  return std::any_of(members.begin(), members.end(),
                     [](const auto& one) { return one.first.starts_with(kLabelPrefix); });
}

}  // namespace

bool says_cloud_image(const Manifest& manifest, const std::string& config) {
  if (has_label(manifest.json().find("annotations"))) return true;
  // Most configs have no such text, and need not be read for that.
  const Schema1* old = manifest.schema1();
  const std::string& text = old == nullptr ? config : old->entries.back().compatibility;
  if (text.find(kLabelPrefix) == std::string::npos) return false;
  try {
    const Json json = Json::parse(text);
    const Json* inner = json.find("config");
    return inner != nullptr && has_label(inner->find("Labels"));
  } catch (const Error&) {
    return false;
  }
}

LayerWatch::LayerWatch(const ImagePlan& image, bool all) : all_(all) {
  for (const BlobStep& step : image.layers) {
    const bool closed = encryption::is_encrypted(step.original.media_type) && !step.opened;
    layers_[step.original.digest] = closed || !step.layer;
  }
}

std::unique_ptr<LayerScanner> LayerWatch::scanner_for(const BlobStep& step) const {
  const auto at = layers_.find(step.original.digest);
  if (at == layers_.end() || at->second || step.from.is_config()) return nullptr;
  return std::make_unique<LayerScanner>();
}

LayerTap LayerWatch::tap(const BlobStep& step, LayerScanner* scanner) const {
  const bool small = step.from.size >= 0 && step.from.size <= kSmallLayer;
  return {scanner, all_ || small};
}

void LayerWatch::keep(const BlobStep& step, LayerScanner& scanner) {
  if (scanner.over()) keep(step.original.digest, scanner.take_files());
}

void LayerWatch::keep(const Digest& layer, LayerFiles files) {
  const std::lock_guard lock(mutex_);
  seen_.insert_or_assign(layer, std::move(files));
}

const LayerFiles* LayerWatch::find(const Digest& layer) const {
  const std::lock_guard lock(mutex_);
  const auto at = seen_.find(layer);
  return at == seen_.end() ? nullptr : &at->second;
}

bool LayerWatch::has_seen_any() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(seen_.begin(), seen_.end(), [](const auto& layer) {
    const auto& files = layer.second.files;
    return std::any_of(files.begin(), files.end(),
                       [](const auto& file) { return file.first != custom_resources::kReadme; });
  });
}

}  // namespace sealos
