// A parsed ostree: reference, and what can be done with it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "destination.hpp"
#include "name.hpp"
#include "sealos/sdk/host.hpp"
#include "source.hpp"

namespace sealos::ostree {

class Reference {
 public:
  explicit Reference(std::string_view details) : name_(details) {}

  std::string canonical() const { return name_.canonical(); }
  std::string policy_identity() const { return name_.policy_identity(); }
  std::vector<std::string> policy_namespaces() const { return name_.policy_namespaces(); }

  std::unique_ptr<Source> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;
  /// Tags of the images that have this name but for the tag.
  std::vector<std::string> list_tags(sdk::Host host) const;
  /// Removes the image, the blobs that no other image needs, and their objects.
  void remove(sdk::Host host) const;

 private:
  std::unique_ptr<Destination> open(sdk::Host host, sdk::Intent intent) const;

  Name name_;
};

}  // namespace sealos::ostree
