#include "testing/fake_registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "support/digest/hasher.hpp"
#include "support/http/url.hpp"
#include "support/json/json.hpp"
#include "testing/fake_answers.hpp"

namespace sealos::testing {
namespace {

/// "/v2/a/b/KIND/rest" is a/b and rest.
bool split(const std::string& path, const std::string& kind, std::string& repository,
           std::string& rest) {
  const std::string middle = "/" + kind + "/";
  const size_t at = path.rfind(middle);
  if (!path.starts_with("/v2/") || at == std::string::npos || at < 4) return false;
  repository = path.substr(4, at - 4);
  rest = path.substr(at + middle.size());
  return true;
}

std::optional<std::string> subject_of(const Item& manifest) {
  if (manifest.data.find("\"subject\"") == std::string::npos) return std::nullopt;
  return Json::parse(manifest.data).at("subject").text_at("digest");
}

}  // namespace

FakeRegistry::FakeRegistry(const TestIdentity* identity, const std::string& client_ca_pem)
    : server_([this](Served& request) { serve(request); }, identity, client_ca_pem) {}

Digest FakeRegistry::add_blob(const std::string& repository, const std::string& bytes) {
  const std::lock_guard lock(mutex);
  const Digest digest = digest_of(bytes);
  blobs_by_digest[digest.str()] = bytes;
  repository_blobs[repository].insert(digest.str());
  return digest;
}

Digest FakeRegistry::add_manifest(const std::string& repository, const std::string& name,
                                  const Item& manifest) {
  const std::lock_guard lock(mutex);
  const Digest digest = digest_of(manifest.data);
  repository_manifests[repository][name] = manifest;
  repository_manifests[repository][digest.str()] = manifest;
  return digest;
}

bool FakeRegistry::has_blob(const std::string& repository, const Digest& digest) {
  const std::lock_guard lock(mutex);
  return repository_blobs[repository].count(digest.str()) != 0;
}

std::string FakeRegistry::blob(const Digest& digest) {
  const std::lock_guard lock(mutex);
  return blobs_by_digest[digest.str()];
}

std::optional<Item> FakeRegistry::manifest(const std::string& repository, const std::string& name) {
  const std::lock_guard lock(mutex);
  const auto found = repository_manifests[repository].find(name);
  if (found == repository_manifests[repository].end()) return std::nullopt;
  return found->second;
}

size_t FakeRegistry::open_uploads() {
  const std::lock_guard lock(mutex);
  return uploads.size();
}

int FakeRegistry::count(const std::string& method, const std::string& part) {
  const std::lock_guard lock(mutex);
  return static_cast<int>(std::count_if(requests.begin(), requests.end(), [&](const Logged& one) {
    return one.method == method && one.target.find(part) != std::string::npos;
  }));
}

std::int64_t FakeRegistry::bytes_received() {
  const std::lock_guard lock(mutex);
  std::int64_t bytes = 0;
  for (const Logged& one : requests) bytes += one.body_bytes;
  return bytes;
}

std::vector<FakeRegistry::Logged> FakeRegistry::log() {
  const std::lock_guard lock(mutex);
  return requests;
}

void FakeRegistry::forget_tokens() {
  const std::lock_guard lock(mutex);
  tokens_given.clear();
}

void FakeRegistry::refuse(Served& request, int status, const std::string& code) {
  request.reply(
      status, fields({{"Content-Type", "application/json"}}),
      fmt::format(R"({{"errors":[{{"code":"{}","message":"{} says no"}}]}})", code, code));
}

void FakeRegistry::serve(Served& request) {
  size_t index;
  {
    const std::lock_guard lock(mutex);
    index = requests.size();
    requests.push_back({request.method, request.target, request.headers.text("Authorization"), 0});
  }
  struct Count {
    FakeRegistry& self;
    Served& request;
    size_t index;
    ~Count() {
      const std::lock_guard lock(self.mutex);
      self.requests[index].body_bytes = request.body_bytes();
    }
  } const count{*this, request, index};
  const auto first = before.get();
  if (first && first(request)) return;
  if (request.path() == "/token") return give_token(request);
  if (allowed(request)) route(request);
}

void FakeRegistry::route(Served& request) {
  const std::string path = request.path();
  std::string repository, rest;
  if (path == "/v2/") return request.reply(200, {}, "{}");
  if (split(path, "manifests", repository, rest)) return manifests(request, repository, rest);
  if (split(path, "blobs/uploads", repository, rest))
    return rest.empty() ? start_upload(request, repository) : upload(request, rest);
  if (split(path, "blobs", repository, rest)) return blobs(request, repository, rest);
  if (split(path, "tags", repository, rest)) return tags(request, repository);
  if (referrers_api && split(path, "referrers", repository, rest))
    return referrers(request, repository, rest);
  request.reply(404, {}, "404 page not found");
}

void FakeRegistry::challenge(Served& request, const std::string& scope) {
  std::string value = "Basic realm=\"test\"";
  if (tokens) {
    value = fmt::format("Bearer realm=\"http://{}/token\",service=\"test\"", address());
    if (!scope.empty()) value += fmt::format(",scope=\"{}\"", scope);
  }
  request.reply_early(
      401, fields({{"WWW-Authenticate", value}}),
      R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]})");
}

bool FakeRegistry::allowed(Served& request) {
  const std::string given = request.headers.text("Authorization");
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (tokens) {
    std::string repository, rest, scope;
    for (const char* kind : {"manifests", "blobs/uploads", "blobs", "tags", "referrers"}) {
      if (scope.empty() && split(request.path(), kind, repository, rest))
        scope = "repository:" + repository + (reads ? ":pull" : ":pull,push");
    }
    const std::lock_guard lock(mutex);
    const auto token = tokens_given.find(given.starts_with("Bearer ") ? given.substr(7) : "");
    bool may = token != tokens_given.end() && scope.empty();
    if (token != tokens_given.end() && !scope.empty()) {
      for (const std::string& one : token->second)
        may = may || one == scope || one == "repository:" + repository + ":*" ||
              (reads && one == "repository:" + repository + ":pull,push");
    }
    if (!may) challenge(request, scope);
    return may;
  }
  const std::string password = basic;
  if (!password.empty() && given != "Basic " + password) {
    challenge(request, {});
    return false;
  }
  return true;
}

void FakeRegistry::give_token(Served& request) {
  const std::string given = request.headers.text("Authorization");
  if (token_needs_password && given != "Basic " + basic.get())
    return refuse(request, 401, "UNAUTHORIZED");
  const std::lock_guard lock(mutex);
  const std::string token = fmt::format("token-{}", ++last_id_);
  std::set<std::string> scopes;
  for (size_t at = request.target.find("scope="); at != std::string::npos;
       at = request.target.find("scope=", at + 1)) {
    const size_t from = at + 6;
    scopes.insert(
        http::percent_decode(request.target.substr(from, request.target.find('&', from) - from)));
  }
  tokens_given[token] = scopes;
  request.reply(200, {},
                fmt::format(R"({{"token":"{}","expires_in":{}}})", token, token_life.get()));
}

void FakeRegistry::manifests(Served& request, const std::string& repository,
                             const std::string& name) {
  if (request.method == "PUT") return put_manifest(request, repository, name);
  const std::lock_guard lock(mutex);
  auto& known = repository_manifests[repository];
  const auto found = known.find(name);
  if (found == known.end()) return refuse(request, 404, "MANIFEST_UNKNOWN");
  const Item manifest = found->second;
  if (request.method == "DELETE") {
    if (!Digest::parse(name) && !deletes_tags) return refuse(request, 400, "DIGEST_INVALID");
    if (Digest::parse(name))
      std::erase_if(known, [&](const auto& one) { return one.second.data == manifest.data; });
    known.erase(name);
    return request.reply(202);
  }
  request.reply(200,
                fields({{"Content-Type", manifest.label},
                        {"Content-Length", std::to_string(manifest.data.size())},
                        {"Docker-Content-Digest", digest_of(manifest.data).str()}}),
                manifest.data);
}

void FakeRegistry::put_manifest(Served& request, const std::string& repository,
                                const std::string& name) {
  const Item manifest{request.headers.text("Content-Type"), request.read_body()};
  if (const auto judged = judge.get()) {
    const auto [status, text] = judged(name, manifest);
    if (status != 0) return request.reply(status, {}, text);
  }
  const Digest digest = digest_of(manifest.data);
  if (Digest::parse(name) && name != digest.str()) return refuse(request, 400, "DIGEST_INVALID");
  add_manifest(repository, name, manifest);
  auto headers = fields({{"Docker-Content-Digest", digest.str()},
                         {"Location", "/v2/" + repository + "/manifests/" + digest.str()}});
  if (const auto subject = subject_of(manifest); subject && referrers_api)
    headers.add("OCI-Subject", *subject);
  request.reply(201, headers);
}

void FakeRegistry::blobs(Served& request, const std::string& repository,
                         const std::string& digest) {
  std::string bytes;
  {
    const std::lock_guard lock(mutex);
    if (repository_blobs[repository].count(digest) == 0)
      return refuse(request, 404, "BLOB_UNKNOWN");
    bytes = blobs_by_digest[digest];
  }
  std::int64_t cut = -1;
  if (request.method == "GET") {
    cut = take_front(blob_cuts);
  }
  if (cut >= 0) {
    long long from = 0;
    std::sscanf(request.headers.text("Range").c_str(), "bytes=%lld-", &from);
    const auto all = static_cast<long long>(bytes.size());
    request.send_raw(fmt::format("HTTP/1.1 {} OK\r\nContent-Length: {}\r\n"
                                 "Content-Range: bytes {}-{}/{}\r\n\r\n",
                                 from > 0 ? 206 : 200, all - from, from, all - 1, all) +
                     bytes.substr(static_cast<size_t>(from), static_cast<size_t>(cut)));
    return request.close();
  }
  const std::string range = request.headers.text("Range");
  long long first = 0, last = 0;
  const int found = std::sscanf(range.c_str(), "bytes=%lld-%lld", &first, &last);
  const auto size = static_cast<long long>(bytes.size());
  if (found < 1)
    return request.reply(
        200, fields({{"Content-Length", std::to_string(size)}, {"Docker-Content-Digest", digest}}),
        bytes);
  if (first >= size) return request.reply(416);
  if (found < 2 || last >= size) last = size - 1;
  request.reply(206, fields({{"Content-Range", fmt::format("bytes {}-{}/{}", first, last, size)}}),
                std::string_view(bytes).substr(static_cast<size_t>(first),
                                               static_cast<size_t>(last - first + 1)));
}

void FakeRegistry::tags(Served& request, const std::string& repository) {
  const std::lock_guard lock(mutex);
  std::vector<std::string> names;
  for (const auto& [name, manifest] : repository_manifests[repository]) {
    if (!Digest::parse(name) && name > request.query("last")) names.push_back(name);
  }
  http::Headers headers;
  if (const auto page = static_cast<size_t>(tag_page.get()); page > 0 && names.size() > page) {
    names.resize(page);
    headers.add("Link",
                fmt::format("</v2/{}/tags/list?last={}>; rel=\"next\"", repository, names.back()));
  }
  Json list = Json::array();
  for (const std::string& name : names) list.push_back(name);
  Json body = Json::object();
  body.set("name", repository);
  body.set("tags", names.empty() ? Json() : list);
  request.reply(200, headers, body.dump());
}

void FakeRegistry::referrers(Served& request, const std::string& repository,
                             const std::string& subject) {
  const std::lock_guard lock(mutex);
  Json list = Json::array();
  std::string last;
  http::Headers headers = fields({{"Content-Type", "application/vnd.oci.image.index.v1+json"}});
  for (const auto& [name, manifest] : repository_manifests[repository]) {
    if (!Digest::parse(name) || name <= request.query("last")) continue;
    if (subject_of(manifest) != subject) continue;
    if (const int page = tag_page; page > 0 && list.items("").size() == static_cast<size_t>(page)) {
      headers.add("Link", fmt::format("</v2/{}/referrers/{}?last={}>; rel=\"next\"", repository,
                                      subject, last));
      break;
    }
    last = name;
    Json entry = Json::object();
    entry.set("mediaType", manifest.label);
    entry.set("digest", name);
    entry.set("size", static_cast<std::int64_t>(manifest.data.size()));
    entry.set("artifactType", Json::parse(manifest.data).text_at("artifactType"));
    list.push_back(std::move(entry));
  }
  Json body = Json::object();
  body.set("schemaVersion", 2);
  body.set("manifests", std::move(list));
  request.reply(200, headers, body.dump());
}

}  // namespace sealos::testing
