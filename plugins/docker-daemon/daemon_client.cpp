#include "daemon_client.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sealos::docker_daemon {
namespace {

constexpr std::string_view kNewest = "1.51";
constexpr std::string_view kOldest = "1.24";
constexpr size_t kMostAnswer = 4 << 20;
// The daemon says nothing while it puts an archive together or unpacks one.
constexpr std::chrono::milliseconds kPatient{4 * 3600 * 1000};

http::ClientOptions options_for(sdk::Host host, const DaemonAddress& address, bool patient) {
  http::ClientOptions options;
  options.user_agent = host.name() + "/" + host.version();
  options.unix_socket = address.unix_socket;
  options.tls = address.tls;
  options.patience.cancelled = [host] { return host.cancelled(); };
  options.patience.cancel_fd = host.cancel_fd();
  if (patient) options.patience.stall = kPatient;
  return options;
}

Status status_of(int http) {
  switch (http) {
    case 400:
      return Status::invalid;
    case 401:
      return Status::unauthenticated;
    case 403:
      return Status::denied;
    case 404:
      return Status::not_found;
    default:
      return http >= 500 ? Status::unavailable : Status::internal;
  }
}

}  // namespace

int api_number(std::string_view version) {
  const size_t dot = version.find('.');
  int major = 0, minor = 0;
  if (dot == std::string_view::npos) return 0;
  const char* end = version.data() + version.size();
  if (std::from_chars(version.data(), version.data() + dot, major).ptr != version.data() + dot)
    return 0;
  if (std::from_chars(version.data() + dot + 1, end, minor).ptr != end) return 0;
  if (major < 0 || major > 1000 || minor < 0 || minor > 999) return 0;
  return major * 1000 + minor;
}

DaemonClient::DaemonClient(sdk::Host host, const DaemonAddress& address,
                           const DaemonAddress::Environment& environment)
    : where_(address.given),
      base_(address.base),
      quick_(options_for(host, address, false)),
      patient_(options_for(host, address, true)) {
  if (!address.warning.empty()) host.warn(address.warning);
  negotiate(environment);
  host.debug(
      fmt::format("docker-daemon: {} is {}/{}, API {}", where_, os_, architecture_, version_));
}

http::Url DaemonClient::url(const std::string& path) const {
  return http::Url::parse(base_ + (version_.empty() ? "" : "/v" + version_) + path);
}

http::Response DaemonClient::send(http::Client& client, const http::Request& request) {
  try {
    return client.send(request);
  } catch (Error& e) {
    if (e.status() == Status::not_found || e.status() == Status::io) {
      throw Error(Status::unavailable,
                  fmt::format("docker-daemon: reaching the daemon at {}: {}", where_, e.what()));
    }
    throw e.add_context("docker-daemon: " + where_);
  }
}

/// Ancient daemons answer in plain text, others as {"message": ...}.
void DaemonClient::fail(std::string_view doing, http::Response& response) const {
  std::string said = response.read_some(4096);
  try {
    const Json json = Json::parse(said);
    if (const std::string message = json.text_at("message"); !message.empty()) said = message;
  } catch (const Error&) {
  }
  while (said.ends_with('\n')) said.pop_back();
  Error error(status_of(response.status()),
              fmt::format("docker-daemon: {} at {}: {} {}", doing, where_, response.status(),
                          printable(said, 500)));
  if (response.status() == 503) error.set_retryable();
  throw error;
}

void DaemonClient::negotiate(const DaemonAddress::Environment& environment) {
  http::Request request;
  request.url = url("/_ping");
  http::Response ping = send(quick_, request);
  if (!ping.ok()) fail("asking for the version", ping);
  std::string theirs = ping.headers().text("Api-Version");
  os_ = ping.headers().text("Ostype");
  ping.finish();
  if (theirs.empty()) theirs = kOldest;
  if (const auto forced = environment("DOCKER_API_VERSION")) theirs = *forced;
  if (api_number(theirs) < api_number(kOldest)) {
    throw Error(Status::unsupported,
                fmt::format("docker-daemon: {} speaks version {} of the API, and {} is needed",
                            where_, printable(theirs), kOldest));
  }
  version_ = api_number(theirs) < api_number(kNewest) ? theirs : kNewest;
  request.url = url("/version");
  http::Response answer = send(quick_, request);
  if (!answer.ok()) fail("asking for the version", answer);
  const Json version = Json::parse(answer.read_all(kMostAnswer));
  architecture_ = version.text_at("Arch");
  if (os_.empty()) os_ = version.text_at("Os");
}

bool DaemonClient::keeps_indexes() {
  http::Request request;
  request.url = url("/info");
  http::Response response = send(quick_, request);
  if (!response.ok()) {
    response.finish();
    return false;
  }
  const Json info = Json::parse(response.read_all(kMostAnswer));
  const Json* status = info.find("DriverStatus");
  if (status == nullptr) return false;
  for (const Json& pair : status->items("DriverStatus")) {
    if (pair == Json(Json::Array{"driver-type", "io.containerd.snapshotter.v1"})) return true;
  }
  return false;
}

std::optional<Json> DaemonClient::inspect(const std::string& name) {
  http::Request request;
  request.url = url("/images/" + http::percent_encode(name) + "/json");
  http::Response response = send(quick_, request);
  if (response.status() == 404) {
    response.finish();
    return std::nullopt;
  }
  if (!response.ok()) fail("looking at image " + name, response);
  return Json::parse(response.read_all(kMostAnswer));
}

http::Response DaemonClient::save(const std::string& name) {
  http::Request request;
  request.url = url("/images/get");
  request.url.add_query("names", name);
  http::Response response = send(patient_, request);
  if (!response.ok()) fail("reading image " + name, response);
  return response;
}

http::Response DaemonClient::load(Stream& archive) {
  http::Request request;
  request.method = "POST";
  request.url = url("/images/load");
  request.url.add_query("quiet", "1");
  request.headers.add("Content-Type", "application/x-tar");
  request.stream = &archive;
  http::Response response = send(patient_, request);
  if (!response.ok()) fail("loading an image", response);
  return response;
}

}  // namespace sealos::docker_daemon
