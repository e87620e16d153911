// A parsed sif: reference.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "destination.hpp"
#include "sealos/sdk/host.hpp"
#include "source.hpp"

namespace sealos::sif {

/// The whole of the details is the path, colons and all.
class Reference {
 public:
  /// Throws where the folder of the file does not exist.
  explicit Reference(std::string_view details);

  std::string canonical() const { return path_; }
  std::string policy_identity() const { return resolved_; }
  std::vector<std::string> policy_namespaces() const;
  std::unique_ptr<Source> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;

 private:
  std::string path_, resolved_;
};

}  // namespace sealos::sif
