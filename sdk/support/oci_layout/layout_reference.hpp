// What references to OCI layouts have in common, wherever a layout is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/error.hpp"
#include "support/oci_layout/layout_name.hpp"

namespace sealos::oci_layout {

/// A layout at a path of this machine. The scope for a policy is the resolved path.
class LayoutReference {
 public:
  std::string canonical() const { return name_.canonical(); }
  /// "" for standard input and output.
  std::string policy_identity() const { return resolved_; }
  std::vector<std::string> policy_namespaces() const;

 protected:
  /// pipe_allowed: the path "-" is standard input or output. Throws where the details are none, or
  /// the folder around the layout does not exist.
  LayoutReference(std::string_view transport, std::string_view details, bool pipe_allowed);

  const LayoutName& name() const { return name_; }
  /// "oci:/images/app", for messages.
  const std::string& place() const { return place_; }
  /// Throws where the reference names what is there already by its position.
  void require_destination() const;

  /// Runs body; an Error that leaves it says of which place it is.
  template <typename Body>
  auto at_place(Body&& body) const {
    try {
      return body();
    } catch (Error& e) {
      throw e.add_context(place_);
    }
  }

 private:
  LayoutName name_;
  std::string place_, resolved_;
};

}  // namespace sealos::oci_layout
