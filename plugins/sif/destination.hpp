// Writes one image into a SIF.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::sif {

/// How an image stands in a SIF.
class Form {
 public:
  virtual ~Form() = default;
  virtual std::uint32_t flags() const = 0;
  virtual std::vector<std::string> manifest_types() const = 0;
  virtual Blob put_blob(const Blob& blob, Stream& from) = 0;
  virtual void put_manifest(const std::optional<Digest>& instance, const Item& manifest) = 0;
  virtual void commit() = 0;
};

/// Objects of the names and types under which the native form keeps what it was made of.
inline constexpr const char* kKeptManifest = "sealos.manifest.json";
inline constexpr const char* kKeptConfig = "sealos.config.json";
/// With the position of the layer in the manifest behind it; a layer that comes twice is kept once,
/// under its first position.
inline constexpr const char* kKeptLayer = "sealos.layer.";
/// The names under which Apptainer keeps the like.
inline constexpr const char* kInspectMetadata = "inspect-metadata.json";
inline constexpr const char* kOciConfig = "oci-config.json";

class Destination {
 public:
  /// path: where the SIF is to be. The form is that of the option sif.format.
  Destination(sdk::Host host, const std::string& path, sdk::Intent intent);

  std::uint32_t flags() const { return form_->flags(); }
  std::vector<std::string> manifest_types() const { return form_->manifest_types(); }
  Blob put_blob(const Blob& blob, Stream& from) { return form().put_blob(blob, from); }
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
    form().put_manifest(instance, manifest);
  }
  std::optional<std::string> commit(const Item& top);
  void abort() { form_.reset(); }

 private:
  Form& form();

  std::unique_ptr<Form> form_;
};

}  // namespace sealos::sif
