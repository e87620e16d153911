// Adds one image to an OCI layout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "blob_folder.hpp"
#include "layout_folder.hpp"
#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"
#include "support/oci_layout/belonging_entries.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/layout_name.hpp"

namespace sealos::oci {

class Destination {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL | SEALOS_KEEPS_URLS | SEALOS_KEEPS_LAYERS;

  Destination(sdk::Host host, const oci_layout::LayoutName& name, sdk::Intent intent);
  ~Destination();

  std::vector<std::string> manifest_types() const;
  LayerCompression compression() const;
  Blob put_blob(const Blob& blob, Stream& from);
  std::optional<Blob> try_reuse(const Reuse& want);
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  /// It gets an entry of its own in index.json, without a name.
  void put_referrer(const Item& manifest);
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& artifact_type) const;
  /// It gets an entry with a name made of the subject's digest.
  void put_attached(const Digest& subject, const std::string& kind, const Item& manifest);
  std::optional<std::string> commit(const Item& top);
  void abort();

 private:
  bool has(const Blob& blob) const;
  bool is_named() const;
  void replace_index();

  sdk::Host host_;
  oci_layout::LayoutName name_;
  bool verify_reused_, remove_replaced_, keep_uncompressed_;
  LayoutFolder layout_;
  std::optional<FolderLock> blob_lock_;
  BlobWriter writer_;
  std::optional<oci_layout::Descriptor> top_;
  oci_layout::BelongingEntries belonging_;
  bool ended_ = false;
};

}  // namespace sealos::oci
