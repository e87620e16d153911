// A parsed oci: reference, and what can be done with it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oci_destination.hpp"
#include "sealos/sdk/host.hpp"
#include "support/oci_layout/layout_name.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos::oci {

class Reference {
 public:
  /// Throws where the name is none, or the folder around the layout does not exist.
  explicit Reference(std::string_view details);

  std::string canonical() const { return name_.canonical(); }
  std::string policy_identity() const { return resolved_; }
  std::vector<std::string> policy_namespaces() const;

  std::unique_ptr<oci_layout::LayoutSource> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;
  std::vector<std::string> list_tags(sdk::Host host) const;
  /// Removes the entry, and the blobs that no other entry needs.
  void remove(sdk::Host host) const;

 private:
  std::unique_ptr<Destination> open(sdk::Host host, sdk::Intent intent) const;

  oci_layout::LayoutName name_;
  std::string resolved_;
};

}  // namespace sealos::oci
