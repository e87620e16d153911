// Writes images as a Docker archive, in one pass.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive_name.hpp"
#include "former_archive.hpp"
#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"
#include "support/docker_archive/image_description.hpp"
#include "support/layout_archive/archive_output.hpp"
#include "support/oci_layout/layout_index.hpp"

namespace sealos::docker_archive {

/// A hybrid, which is an OCI layout too; or the plain form, as Docker wrote before 25.
class Destination {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_KEEPS_DOCKER_NAME;

  Destination(sdk::Host host, const ArchiveName& name, sdk::Intent intent);

  std::vector<std::string> manifest_types() const;
  LayerCompression compression() const;
  Blob put_blob(const Blob& blob, Stream& from);
  std::optional<Blob> try_reuse(const Reuse& want);
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  std::optional<std::string> commit(const Item& top);
  void abort() { output_.reset(); }
  const void* get_extension(const char* id) const {
    return output_ == nullptr ? nullptr : output_->extension(id);
  }

 private:
  void open_former(const ArchiveTarget& target, Existing wish);
  void check_layer(const Blob& blob);
  ArchiveOutput& output();
  ArchiveItem described_item() const;
  void add_item(ArchiveItem item);
  void add_entries();

  sdk::Host host_;
  std::vector<DockerName> names_;
  bool plain_, decompress_, preview_;
  std::unique_ptr<FormerArchive> former_;  // where images are added to it
  std::vector<ArchiveItem> items_;
  oci_layout::LayoutIndex index_;
  std::unique_ptr<ArchiveOutput> output_;  // none in a preview
  ImageDescription image_;
  std::atomic<bool> warned_zstd_ = false;
};

}  // namespace sealos::docker_archive
