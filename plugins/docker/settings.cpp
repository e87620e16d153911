#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "problem.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/http/headers.hpp"

namespace sealos::docker {
namespace {

[[noreturn]] void refuse(std::string_view key, std::string_view text, std::string_view wanted) {
  throw Error(Status::invalid, fmt::format("{} \"{}\" is not {}", key, printable(text), wanted));
}

std::int64_t parse_number(std::string_view key, std::string_view text, std::string_view wanted) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || number < 0)
    refuse(key, text, wanted);
  return number;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = http::trimmed(text.substr(0, comma));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

void read_retry_on(std::string_view key, std::string_view text, RetryPolicy& policy) {
  policy.statuses.clear();
  policy.network = false;
  for (const std::string& word : split(text)) {
    if (word == "network") {
      policy.network = true;
    } else if (word == "5xx") {
      for (int status = 500; status < 600; ++status) policy.statuses.insert(status);
    } else {
      const auto status = parse_number(key, word, "network, 5xx or an HTTP status from 400 on");
      if (status < 400 || status > 599) refuse(key, word, "an HTTP status from 400 to 599");
      policy.statuses.insert(static_cast<int>(status));
    }
  }
}

RetryPolicy read_retry(const sdk::Host& host) {
  RetryPolicy policy;
  policy.statuses = default_retry_statuses();
  for (const char* key : {"retry", "docker.retry"}) {
    if (const auto text = host.option(key))
      policy.count = static_cast<unsigned>(
          std::min<std::int64_t>(parse_number(key, *text, "a number of tries"), 1000));
  }
  for (const char* key : {"retry-delay", "docker.retry-delay"}) {
    if (const auto text = host.option(key)) {
      policy.delay = parse_duration(key, *text);
      policy.fixed_delay = true;
    }
  }
  for (const char* key : {"retry-on", "docker.retry-on"}) {
    if (const auto text = host.option(key)) read_retry_on(key, *text, policy);
  }
  return policy;
}

unsigned read_connections(const sdk::Host& host, const char* key) {
  constexpr std::string_view kWanted = "a number from 1 to 10000";
  const auto text = host.option(key);
  if (!text) return 0;
  const auto number = parse_number(key, *text, kWanted);
  if (number == 0 || number > 10'000) refuse(key, *text, kWanted);
  return static_cast<unsigned>(number);
}

/// A path in the registry: without host, tag and digest.
void check_repository(const std::string& path) {
  const std::string domain = "host.invalid";
  try {
    const DockerName name = DockerName::parse(domain + "/" + path);
    if (name.repository() == domain + "/" + path && !name.digest &&
        path.find(':') == std::string::npos)
      return;
  } catch (const Error&) {
  }
  refuse("docker.mount-from", path, "a repository such as team/app");
}

void read_writing(const sdk::Host& host, Settings& settings) {
  settings.journal = host.flag("docker.journal").value_or(true);
  if (const auto text = host.option("docker.chunk-size"))
    settings.chunk_size = parse_size("docker.chunk-size", *text);
  if (const auto text = host.option("docker.mount-from")) {
    settings.mount_from = split(*text);
    if (settings.mount_from.empty()) refuse("docker.mount-from", *text, "a list of repositories");
    for (const std::string& one : settings.mount_from) check_repository(one);
  }
}

}  // namespace

const char* const kOptions[] = {
    "tls-verify",
    "false: accept any certificate, and fall back to http where https does not work",
    "cert-dir",
    "folder with *.crt (authorities), X.cert and X.key (client) in place of certs.d",
    "retry",
    "how often a request is sent again after a failure that may pass (default 3)",
    "retry-delay",
    "time between tries, such as 500ms or 2s (default: 1s, doubled each time)",
    "limit-rate",
    "bytes a second to and from all registries together, such as 500K or 10M",
    "max-connections",
    "connections to all registries together (default: as many as are needed)",
    "retry-on",
    "which failures are tried again: network, 5xx and HTTP statuses, separated by commas",
    "docker.retry",
    "retry, for this transport alone",
    "docker.retry-delay",
    "retry-delay, for this transport alone",
    "docker.retry-on",
    "retry-on, for this transport alone",
    "docker.stall-timeout",
    "time without a single byte after which a connection is given up (default 60s)",
    "docker.chunk-size",
    "upload in parts of this size, such as 64M, each acknowledged by the registry",
    "docker.host-limit-rate",
    "bytes a second to and from one host",
    "docker.host-max-connections",
    "connections to one host",
    "docker.mount-from",
    "repositories of the same registry that may have the layers, separated by commas",
    "docker.journal",
    "false: do not note unfinished uploads in the cache folder",
    nullptr};

std::chrono::milliseconds parse_duration(std::string_view key, std::string_view text) {
  constexpr std::string_view kWanted = "a time such as 500ms, 2s or 1m";
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = text.substr(digits);
  if (digits == 0 || digits > 10) refuse(key, text, kWanted);
  const std::int64_t number = parse_number(key, text.substr(0, digits), kWanted);
  if (number > 1'000'000'000) refuse(key, text, kWanted);
  if (unit == "ms") return std::chrono::milliseconds(number);
  if (unit == "s" || unit.empty()) return std::chrono::seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  if (unit == "h") return std::chrono::hours(number);
  refuse(key, text, kWanted);
}

std::int64_t parse_size(std::string_view key, std::string_view text) {
  constexpr std::string_view kWanted = "a number of bytes such as 500K or 10M";
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > 13) refuse(key, text, kWanted);
  const std::int64_t number = parse_number(key, text.substr(0, digits), kWanted);
  const std::string_view unit = text.substr(digits);
  if (number == 0 || number > (std::int64_t{1} << 40)) refuse(key, text, kWanted);
  if (unit.empty()) return number;
  if (http::same_text(unit, "K")) return number << 10;
  if (http::same_text(unit, "M")) return number << 20;
  if (http::same_text(unit, "G") && number < (1 << 20)) return number << 30;
  refuse(key, text, kWanted);
}

Settings Settings::read(const sdk::Host& host, Side side, bool insecure) {
  Settings settings;
  if (side == Side::writer) read_writing(host, settings);
  settings.verify = host.flag("tls-verify").value_or(!insecure);
  settings.retry = read_retry(host);
  if (const auto text = host.option("limit-rate")) settings.rate = parse_size("limit-rate", *text);
  if (const auto text = host.option("docker.host-limit-rate"))
    settings.host_rate = parse_size("docker.host-limit-rate", *text);
  settings.max_connections = read_connections(host, "max-connections");
  settings.host_max_connections = read_connections(host, "docker.host-max-connections");
  if (const auto text = host.option("docker.stall-timeout")) {
    settings.stall = parse_duration("docker.stall-timeout", *text);
    if (settings.stall.count() == 0) refuse("docker.stall-timeout", *text, "more than nothing");
  }
  return settings;
}

}  // namespace sealos::docker
