// An OCI-SIF: an OCI layout whose blobs are objects of a SIF.
#pragma once

#include <map>

#include "destination.hpp"
#include "sif_output.hpp"
#include "support/oci_layout/layout_index.hpp"

namespace sealos::sif {

/// Blobs are written as they come, so that all digests stay. One blob at a time.
class OciForm final : public Form {
 public:
  OciForm(const sdk::Host& host, const std::string& path, sdk::Intent intent);

  std::uint32_t flags() const override { return 0; }
  std::vector<std::string> manifest_types() const override;
  Blob put_blob(const Blob& blob, Stream& from) override;
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest) override;
  void commit() override;

 private:
  void put_text(const Digest& digest, std::string_view text);

  SifOutput output_;
  std::map<Digest, std::int64_t> written_;
  std::optional<oci_layout::Descriptor> top_;
};

}  // namespace sealos::sif
