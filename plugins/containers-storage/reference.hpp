// A parsed reference to an image of a store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "destination.hpp"
#include "details.hpp"
#include "sealos/sdk/host.hpp"
#include "source.hpp"

namespace sealos::containers_storage {

/// Immutable. The store is looked into when a reference is made, so that a short ID or name gets
/// its full form; what cannot be found then is reported when it is opened.
class Reference {
 public:
  Reference(sdk::Host host, std::string_view details);

  std::string canonical() const;
  std::optional<std::string> docker_name() const;
  std::string policy_identity() const;
  std::vector<std::string> policy_namespaces() const;
  std::unique_ptr<Source> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;
  /// A name is taken from its image; an image that has no other, or that is named by its ID, goes
  /// with the layers that nothing else needs. Throws SEALOS_INVALID where a container uses it.
  void remove(sdk::Host host, std::uint32_t flags = 0) const;

 private:
  std::string store_text(bool whole) const;

  Details details_;
  ImageForm form_;
  StoreSettings settings_;
  std::string driver_;
  std::optional<DockerName> name_;  // as found in the store, else as written
  std::string id_;                  // where the reference names one
};

/// The names of the images in the user's own store.
std::vector<std::string> names_in_store(sdk::Host host, const Environment& environment);

/// Throws SEALOS_INVALID for what is no scope of this transport in a policy.
void check_scope(std::string_view scope);

}  // namespace sealos::containers_storage
