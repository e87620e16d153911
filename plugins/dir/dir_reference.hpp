// A parsed dir: reference.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dir_destination.hpp"
#include "dir_source.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::dir {

class Reference {
 public:
  /// Throws where the folder around the path does not exist.
  explicit Reference(std::string_view path);

  std::string canonical() const { return path_; }
  std::string policy_identity() const { return resolved_; }
  std::vector<std::string> policy_namespaces() const;
  std::unique_ptr<Source> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;

 private:
  std::unique_ptr<Destination> open(sdk::Host host, sdk::Intent intent) const;

  std::string path_, resolved_;
};

}  // namespace sealos::dir
