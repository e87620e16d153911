#include "manifests.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"
#include "support/json/json.hpp"

namespace sealos::docker {
namespace {

constexpr size_t kMaxManifest = 4 << 20;

Ask manifest_ask(const Registry& registry, const char* method, const std::string& name) {
  Ask ask;
  ask.method = method;
  ask.path = registry.path() + "/manifests/" + name;
  ask.scopes = registry.pull_scope();
  // Without all of these a registry converts what it has, or denies having it.
  ask.headers.add("Accept", fmt::format("{}, {}, {}, {}, {}, {};q=0.5", kOciManifest, kOciIndex,
                                        kDockerManifest, kDockerList, kSchema1Signed, kSchema1));
  return ask;
}

std::string place(const Registry& registry, const std::string& name) {
  return fmt::format("{}{}{}", registry.repository(),
                     name.find(':') == std::string::npos ? ":" : "@", name);
}

/// For servers that do not say: what kind of manifest the text is.
std::string type_from_text(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    if (const std::string said = json.text_at("mediaType"); !said.empty()) return said;
    if (json.find("fsLayers") != nullptr)
      return json.find("signatures") != nullptr ? kSchema1Signed : kSchema1;
    if (json.find("manifests") != nullptr) return kOciIndex;
    if (json.find("layers") != nullptr) return kOciManifest;
  } catch (const Error&) {
    // The engine says what is wrong with it.
  }
  return {};
}

std::string type_of(const http::Response& response, const std::string& text) {
  std::string type = response.headers().text("Content-Type");
  type = http::trimmed(std::string_view(type).substr(0, type.find(';')));
  const bool says_nothing = type.empty() || type == "text/plain" || type == "application/json" ||
                            type == "application/octet-stream" || type == "text/html" ||
                            type == "binary/octet-stream";
  return says_nothing ? type_from_text(text) : type;
}

/// The digest of a signed schema 1 manifest is not that of its bytes.
bool digest_is_of_bytes(const std::string& type) {
  return type != kSchema1 && type != kSchema1Signed;
}

void check_digest(const std::string& text, std::string_view expected, const std::string& what) {
  const auto digest = Digest::parse(expected);
  if (!digest) return;
  const Digest real = digest_of(text, digest->algorithm());
  if (real != *digest)
    throw Error(Status::corrupt, fmt::format("{}: the registry sent a manifest with the digest {}",
                                             what, real.str()));
}

bool is_rejection(const Problem& problem) {
  if (problem.http_status == 415) return true;
  if (problem.http_status < 400 || problem.http_status >= 500) return false;
  if (problem.http_status == 401 || problem.http_status == 403 || problem.http_status == 404)
    return false;
  // An old ECR answers UNSUPPORTED, "Invalid JSON syntax"; servers of schema 1 alone TAG_INVALID.
  return problem.has("MANIFEST_INVALID") || problem.has("TAG_INVALID") ||
         (problem.has("UNSUPPORTED") && problem.text.find("JSON") != std::string::npos);
}

}  // namespace

Item get_manifest(Registry& registry, const std::string& name, bool once) {
  const std::string doing = "reading the manifest of " + place(registry, name);
  Ask ask = manifest_ask(registry, "GET", name);
  ask.once = once;
  http::Response response = registry.require(ask, doing);
  Item manifest;
  try {
    manifest.data = response.read_all(kMaxManifest);
  } catch (Error& e) {
    throw e.add_context(doing);
  }
  manifest.label = type_of(response, manifest.data);
  if (digest_is_of_bytes(manifest.label)) {
    check_digest(manifest.data, response.headers().text("Docker-Content-Digest"), doing);
    check_digest(manifest.data, name, doing);
  }
  return manifest;
}

std::optional<Digest> head_manifest(Registry& registry, const std::string& name,
                                    const Scopes& scopes) {
  Ask ask = manifest_ask(registry, "HEAD", name);
  ask.scopes = scopes;
  http::Response response = registry.send(ask);
  if (response.status() == 404) return std::nullopt;
  if (!response.ok())
    throw response_error(response, "asking for the manifest of " + place(registry, name));
  return Digest::parse(response.headers().text("Docker-Content-Digest"));
}

std::string put_manifest(Registry& registry, const std::string& name, const Item& manifest) {
  const std::string doing = "writing the manifest of " + place(registry, name);
  Ask ask;
  ask.method = "PUT";
  ask.path = registry.path() + "/manifests/" + name;
  ask.scopes = registry.push_scope();
  ask.headers.add("Content-Type", manifest.label);
  ask.body = manifest.data;
  try {
    http::Response response = registry.send(ask);
    if (!response.ok()) {
      const Problem problem = Problem::of(response);
      const Error error = problem.error(doing);
      if (is_rejection(problem)) throw Error(Status::manifest_rejected, error.message());
      throw error;
    }
    if (digest_is_of_bytes(manifest.label)) {
      check_digest(manifest.data, response.headers().text("Docker-Content-Digest"), doing);
    }
    response.finish();
    return response.headers().text("OCI-Subject");
  } catch (Error& e) {
    if (!e.message().starts_with(doing)) e.add_context(doing);
    throw;
  }
}

}  // namespace sealos::docker
