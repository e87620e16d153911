#include "name.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "support/docker_name/docker_name.hpp"
#include "support/file/file.hpp"

namespace sealos::ostree {
namespace {

constexpr const char* kUsualRepository = "/ostree/repo";

}  // namespace

Name::Name(std::string_view details) {
  const size_t at = details.find("@/");
  image_ = details.substr(0, at);
  const DockerName parsed = DockerName::parse(image_);
  if (parsed.tag.empty() && !parsed.digest) image_ += ":latest";
  digest_ = parsed.digest;
  const std::string path(at == std::string_view::npos ? kUsualRepository : details.substr(at + 1));
  repository_ = resolved_path(path);
  // Identities in a policy end their path with a colon.
  if (repository_.find(':') != std::string::npos) {
    throw Error(Status::invalid, fmt::format("the path {} of a repository has a colon in it",
                                             printable(repository_)));
  }
  const auto parent = std::filesystem::path(repository_).parent_path();
  std::error_code error;
  if (at != std::string_view::npos && !std::filesystem::is_directory(parent, error)) {
    throw Error(Status::not_found, fmt::format("{}: there is no folder {}", printable(repository_),
                                               printable(parent.string())));
  }
}

std::string untagged(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const size_t slash = image.rfind('/');
  const size_t colon = image.rfind(':');
  const bool tagged =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return std::string(tagged ? image.substr(0, colon) : image);
}

std::string Name::untagged() const { return ostree::untagged(image_); }

std::vector<std::string> Name::policy_namespaces() const {
  std::vector<std::string> out;
  for (std::string name = untagged();; name.resize(name.rfind('/'))) {
    out.push_back(repository_ + ":" + name);
    if (name.find('/') == std::string::npos) return out;
  }
}

void check_scope(std::string_view scope) {
  const size_t colon = scope.find(':');
  if (colon == std::string_view::npos)
    throw Error(Status::invalid, "a scope of ostree is a repository, a colon, and a name");
  const std::string path(scope.substr(0, colon));
  if (!path.starts_with('/') || std::filesystem::path(path).lexically_normal().string() != path ||
      (path.size() > 1 && path.ends_with('/'))) {
    throw Error(Status::invalid,
                fmt::format("\"{}\" is no absolute path in its normal form", printable(path)));
  }
}

}  // namespace sealos::ostree
