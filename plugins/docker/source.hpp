// An image that is read from a registry.
#pragma once

#include <memory>
#include <optional>

#include "registry.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  Source(sdk::Host host, const DockerName& name);
  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);

 private:
  Registry registry_;
  const std::string top_;
};

}  // namespace sealos::docker
