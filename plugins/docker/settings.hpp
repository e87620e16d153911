// The options of the transport, read once.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/host.hpp"
#include "support/http/pool.hpp"

namespace sealos::docker {

/// When a request is sent again.
struct RetryPolicy {
  unsigned count = 3;                                ///< times after the first
  std::chrono::milliseconds delay{1000};             ///< doubled each time
  bool fixed_delay = false;                          ///< the user named it: it is not doubled
  std::chrono::milliseconds budget{10 * 60 * 1000};  ///< of waiting, over all requests
  bool network = true;                               ///< after failures of the connection
  std::set<int> statuses;                            ///< of HTTP
};

/// What a registry is used for; see http::Pool.
using Side = http::Pool::Side;

struct Settings {
  bool verify = true;
  RetryPolicy retry;
  std::chrono::milliseconds stall{60'000};
  std::int64_t rate = 0;              ///< bytes a second of all registries together; 0: no limit
  std::int64_t host_rate = 0;         ///< the same for each host
  unsigned max_connections = 0;       ///< of all registries together; 0: any number
  unsigned host_max_connections = 0;  ///< the same for each host
  std::int64_t chunk_size = 0;  ///< 0: the whole blob in one request where the registry takes it
  std::vector<std::string> mount_from;
  bool journal = true;

  /// Options that say how to write are asked for by a writer alone, so that the host refuses them
  /// where nobody does. insecure: what tls-verify=false means, where that option is not set. Throws
  /// SEALOS_INVALID, naming the option, for a value that is not understood.
  static Settings read(const sdk::Host& host, Side side, bool insecure = false);
};

/// "500ms", "2s", "1m", "1h", or a number of seconds. Throws SEALOS_INVALID, naming the key.
std::chrono::milliseconds parse_duration(std::string_view key, std::string_view text);
/// A number, and K, M or G for powers of 1024. Throws SEALOS_INVALID.
std::int64_t parse_size(std::string_view key, std::string_view text);

/// key, meaning, ..., nullptr; as sealos_transport.options.
extern const char* const kOptions[];

}  // namespace sealos::docker
