#include "core/hub/hub_client.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "core/custom_resources/content.hpp"
#include "core/install/install_paths.hpp"

namespace sealos::hub {
namespace {

constexpr size_t kMaxAnswer = 8 << 20;
constexpr int kTurns = 8;  ///< how often somebody else may change the object in between

std::string images_path() { return fmt::format("/apis/{}/images", custom_resources::kApiVersion); }

http::ClientOptions client_options(const ClusterAccess& access, const CancelToken& cancel) {
  http::ClientOptions options;
  options.user_agent = std::string("sealos/") + kVersion;
  options.patience.cancelled = [&cancel] { return cancel.cancelled(); };
  options.patience.cancel_fd = cancel.fd();
  options.tls = access.tls;
  options.proxies = access.proxies;
  return options;
}

/// The message of a Kubernetes Status; else what came, cut off.
std::string message_of(const std::string& body) {
  try {
    const std::string message = Json::parse(body).text_at("message");
    if (!message.empty()) return printable(message, 1000);
  } catch (const Error&) {
    // It is no JSON: a proxy's page, say.
  }
  return printable(body);
}

Status status_of(int code) {
  switch (code) {
    case 401:
      return Status::unauthenticated;
    case 403:
      return Status::denied;
    case 409:
    case 400:
    case 404:
    case 422:
      return Status::manifest_rejected;
    default:
      return Status::unavailable;
  }
}

/// In one order of members: servers have their own.
Json sorted(Json value) {
  if (value.is_array()) {
    for (Json& item : value.items("")) item = sorted(std::move(item));
  } else if (value.is_object()) {
    auto& members = value.members("");
    for (auto& [key, member] : members) member = sorted(std::move(member));
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  return value;
}

bool may_pass(int code) { return code == 429 || code == 502 || code == 503 || code == 504; }

}  // namespace

HubClient::HubClient(ClusterAccess access, const CancelToken& cancel)
    : access_(std::move(access)), cancel_(cancel), client_(client_options(access_, cancel)) {}

HubClient::Answer HubClient::ask(const char* method, const std::string& path,
                                 const std::string& body) {
  http::Request request;
  request.method = method;
  request.url = http::Url::parse(access_.server + path);
  request.headers.add("Accept", "application/json");
  if (!access_.authorization.empty()) request.headers.add("Authorization", access_.authorization);
  if (!body.empty()) request.headers.add("Content-Type", "application/json");
  request.body = body;
  http::Response response = client_.send(request);
  return {response.status(),
          response.ok() ? response.read_all(kMaxAnswer) : response.read_some(kMaxAnswer)};
}

HubClient::Answer HubClient::ask_again(const char* method, const std::string& path,
                                       const std::string& body) {
  while (true) {
    cancel_.throw_if_cancelled();
    try {
      Answer answer = ask(method, path, body);
      if (!may_pass(answer.status) || retries_ == 0) return answer;
    } catch (const Error& e) {
      if (!e.retryable() || retries_ == 0) throw;
    }
    --retries_;
    pollfd cancelled{cancel_.fd(), POLLIN, 0};
    ::poll(&cancelled, 1, static_cast<int>(delay_.count()));
  }
}

void HubClient::fail(const char* doing, const std::string& name, const Answer& answer) const {
  const std::string said = message_of(answer.body);
  throw Error(status_of(answer.status), fmt::format("{} Image {}: {}{}{}", doing, printable(name),
                                                    answer.status, said.empty() ? "" : " ", said));
}

/// nullopt: it was changed in between, or no longer exists.
std::optional<Outcome> HubClient::replace(const Json& object, bool unless_same, bool& exists) {
  const std::string name = object.at("metadata").text_at("name");
  const std::string path = images_path() + "/" + http::percent_encode(name);
  const Answer found = ask_again("GET", path, "");
  exists = found.status != 404;
  if (!exists) return std::nullopt;
  if (found.status != 200) fail("reading", name, found);
  const Json there = Json::parse(found.body);
  const Json* spec = there.find("spec");
  if (unless_same && spec != nullptr && sorted(*spec) == sorted(object.at("spec")))
    return Outcome::unchanged;
  Json changed = object;
  Json metadata = there.at("metadata");
  metadata.erase("managedFields");  // the server keeps them
  changed.set("metadata", std::move(metadata));
  const Answer put = ask_again("PUT", path, changed.dump());
  if (put.status == 409 || put.status == 404) return std::nullopt;
  if (put.status != 200 && put.status != 201) fail("replacing", name, put);
  return Outcome::updated;
}

Outcome HubClient::publish(const Json& object, bool unless_same, unsigned retries,
                           std::chrono::milliseconds delay) {
  retries_ = retries;
  delay_ = delay;
  const std::string name = object.at("metadata").text_at("name");
  try {
    bool exists = false;
    for (int turn = 0; turn < kTurns; ++turn) {
      if (exists) {
        if (const auto outcome = replace(object, unless_same, exists)) return *outcome;
        continue;
      }
      const Answer created = ask_again("POST", images_path(), object.dump());
      if (created.status == 201 || created.status == 200) return Outcome::created;
      if (created.status != 409) fail("creating", name, created);
      exists = true;
    }
    throw Error(Status::unavailable,
                fmt::format("Image {}: others keep changing it", printable(name)));
  } catch (Error& e) {
    throw e.add_context("hub " + printable(access_.server));
  }
}

}  // namespace sealos::hub
