// Writes an OCI layout as a tar archive, in one pass.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"
#include "support/layout_archive/archive_output.hpp"
#include "support/oci_layout/belonging_entries.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/layout_name.hpp"

namespace sealos::oci_archive {

class Destination {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_KEEPS_URLS | SEALOS_KEEPS_LAYERS;

  Destination(sdk::Host host, const oci_layout::LayoutName& name, sdk::Intent intent);

  std::vector<std::string> manifest_types() const;
  LayerCompression compression() const;
  Blob put_blob(const Blob& blob, Stream& from);
  std::optional<Blob> try_reuse(const Reuse& want);
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  /// Both get entries of their own in index.json.
  void put_referrer(const Item& manifest);
  void put_attached(const Digest& subject, const std::string& kind, const Item& manifest);
  /// Those that are carried over.
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& artifact_type) const;
  std::optional<std::string> commit(const Item& top);
  void abort() { output_.reset(); }
  const void* get_extension(const char* id) const {
    return output_ == nullptr ? nullptr : output_->extension(id);
  }

 private:
  void open_former(const ArchiveTarget& target, Existing wish);
  bool holds_this_alone() const;
  void carry_over_images();
  ArchiveOutput& output();

  sdk::Host host_;
  oci_layout::LayoutName name_;
  bool keep_uncompressed_, preview_;
  std::shared_ptr<const ArchiveBlobs> former_;  // where images are added to it
  oci_layout::LayoutIndex index_;
  std::unique_ptr<ArchiveOutput> output_;  // none in a preview
  std::optional<oci_layout::Descriptor> top_;
  oci_layout::BelongingEntries belonging_;
};

}  // namespace sealos::oci_archive
