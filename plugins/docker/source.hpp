// An image that is read from a registry, or from a mirror of it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "registry.hpp"
#include "sealos/sdk/referrers.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

/// The first place that has the image's manifest is the one that all is read from; where it fails
/// later the others are asked. Safe for concurrent use.
class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  Source(sdk::Host host, const DockerName& name);
  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);
  std::vector<Item> read_signatures(const std::optional<Digest>& instance);
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& artifact_type);
  std::vector<Attached> list_attached(const Digest& subject);

 private:
  struct Place {
    DockerName name;
    bool insecure = false;
    std::once_flag made;
    std::unique_ptr<Registry> registry;
  };

  Registry& registry_at(size_t place);
  std::optional<Item> top();
  /// Calls `read` with the chosen place, then with all others, until it does not throw.
  template <typename Read>
  auto from_any(Read&& read);

  const sdk::Host host_;
  std::vector<std::unique_ptr<Place>> places_;
  std::atomic<size_t> chosen_ = 0;
  std::mutex mutex_;         // guards top_
  std::optional<Item> top_;  ///< the top-level manifest, once it was read
};

}  // namespace sealos::docker
