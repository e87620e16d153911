// A parsed oci: reference, and what can be done with it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oci_destination.hpp"
#include "sealos/sdk/host.hpp"
#include "support/oci_layout/layout_reference.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos::oci {

class Reference : public oci_layout::LayoutReference {
 public:
  explicit Reference(std::string_view details) : LayoutReference("oci", details, false) {}

  std::unique_ptr<oci_layout::LayoutSource> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;
  std::vector<std::string> list_tags(sdk::Host host) const;
  /// Removes the entry, and the blobs that no other entry needs.
  void remove(sdk::Host host, std::uint32_t flags = 0) const;

 private:
  std::unique_ptr<Destination> open(sdk::Host host, sdk::Intent intent) const;
};

}  // namespace sealos::oci
