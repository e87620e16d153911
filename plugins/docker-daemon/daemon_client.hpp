// The calls of the Docker Engine API that images need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon_address.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "support/http/client.hpp"
#include "support/json/json.hpp"

namespace sealos::docker_daemon {

/// major.minor as one number that can be compared: 1.41 is 1041. 0 for what is no version.
int api_number(std::string_view version);

/// Safe for concurrent use. The first call asks the daemon for its version. Failures carry what
/// the daemon said.
class DaemonClient {
 public:
  DaemonClient(sdk::Host host, const DaemonAddress& address,
               const DaemonAddress::Environment& environment);

  const std::string& where() const { return where_; }
  /// The version in use: the older of ours and the daemon's, or DOCKER_API_VERSION.
  int version() const { return api_number(version_); }
  /// "linux" and "amd64", as images name them.
  std::string os() const { return os_; }
  std::string architecture() const { return architecture_; }

  /// Whether its store is containerd's, which keeps an index with all its images.
  bool keeps_indexes();
  /// GET /images/{name}/json; nullopt if there is no such image.
  std::optional<Json> inspect(const std::string& name);
  /// The tar of docker save. Its first byte comes late, and what fails later stands in the tar.
  http::Response save(const std::string& name);
  /// The tar of docker load goes in; what comes back is read with read_load_answer.
  http::Response load(Stream& archive);

 private:
  http::Url url(const std::string& path) const;
  http::Response send(http::Client& client, const http::Request& request);
  void negotiate(const DaemonAddress::Environment& environment);
  [[noreturn]] void fail(std::string_view doing, http::Response& response) const;

  std::string where_, base_;
  http::Client quick_, patient_;  // differ in how long they wait for the next byte
  std::string version_, os_, architecture_;
};

}  // namespace sealos::docker_daemon
