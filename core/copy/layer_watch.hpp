// The files that a custom resource is made of, gathered while an image's layers pass.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "core/copy/plan.hpp"
#include "core/copy/recoder.hpp"
#include "core/custom_resources/layer_scanner.hpp"

namespace sealos {

/// Says which layers are looked into on their way, and keeps what was seen. Safe for concurrent
/// use.
class LayerWatch {
 public:
  /// all: every layer, though it has to be decompressed for that alone. Else those that pass
  /// without compression on their way, and small ones.
  LayerWatch(const ImagePlan& image, bool all);

  /// nullptr: the step is no layer of the image, or cannot be looked into.
  std::unique_ptr<custom_resources::LayerScanner> scanner_for(const BlobStep& step) const;
  LayerTap tap(const BlobStep& step, custom_resources::LayerScanner* scanner) const;
  /// Once the layer has arrived.
  void keep(const BlobStep& step, custom_resources::LayerScanner& scanner);
  void keep(const Digest& layer, custom_resources::LayerFiles files);

  /// What was seen of a layer, by its digest in the source; nullptr: it was not looked into.
  const custom_resources::LayerFiles* find(const Digest& layer) const;
  /// Whether a YAML file below metadata/ was seen.
  bool has_seen_any() const;

 private:
  const bool all_;
  std::map<Digest, bool> layers_;  // of the image; whether it is encrypted for good
  mutable std::mutex mutex_;
  std::map<Digest, custom_resources::LayerFiles> seen_;
};

/// Whether the image says that it is a cloud image: a label or annotation "sealos.io.…".
bool says_cloud_image(const Manifest& manifest, const std::string& config);

}  // namespace sealos
