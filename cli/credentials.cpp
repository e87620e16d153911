#include "cli/credentials.hpp"

#include <unistd.h>

#include <cerrno>

#include "cli/terminal.hpp"
#include "core/config/credentials.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/file/file.hpp"

namespace sealos::cli {
namespace {

/// "" where the place names no registry.
std::string registry_of(const Location& place) {
  if (!place.details.starts_with("//")) return "";
  try {
    return DockerName::parse(place.details.substr(2)).domain;
  } catch (const Error&) {
    return "";
  }
}

class FinderMaker {
 public:
  explicit FinderMaker(std::shared_ptr<const LazyRegistries> registries)
      : registries_(std::move(registries)) {}

  FindCredentials make(const std::optional<std::string>& creds, const std::string& authfile,
                       const std::string& host) const {
    config::CredentialOptions wanted;
    wanted.creds = creds;
    if (!authfile.empty()) wanted.authfile = authfile;
    if (creds) wanted.host = host;
    wanted.helpers = [registries = registries_] { return registries->get().credential_helpers(); };
    const auto finder = std::make_shared<config::CredentialFinder>(
        std::move(wanted), registries_->environment(), &ask_on_terminal);
    return [finder](const std::string& scope) { return finder->find(scope); };
  }

 private:
  const std::shared_ptr<const LazyRegistries> registries_;
};

}  // namespace

void require_readable(const std::string& flag, const std::string& authfile) {
  if (!authfile.empty() && ::access(authfile.c_str(), R_OK) != 0)
    throw errno_error(errno, flag + " " + printable(authfile));
}

void use_credentials(Hooks& hooks, const PushOptions& o, CopyRequest& request,
                     const std::shared_ptr<const LazyRegistries>& registries) {
  require_readable("--authfile", o.authfile);
  require_readable("--src-authfile", o.source.authfile);
  require_readable("--dest-authfile", o.target.authfile);
  const FinderMaker maker(registries);
  const auto make_side = [&](const SideOptions& side, const Location& place) -> FindCredentials {
    if (!side.creds && side.authfile.empty()) return nullptr;
    return maker.make(side.creds, side.authfile.empty() ? o.authfile : side.authfile,
                      registry_of(place));
  };
  std::string host = registry_of(request.destination);
  if (host.empty()) host = registry_of(request.source);
  hooks.credentials = maker.make(o.creds, o.authfile, host);
  request.source_credentials = make_side(o.source, request.source);
  request.destination_credentials = make_side(o.target, request.destination);
}

void use_credentials(Hooks& hooks, const std::optional<std::string>& creds,
                     const std::string& authfile, const Location& place,
                     const std::shared_ptr<const LazyRegistries>& registries) {
  require_readable("--authfile", authfile);
  hooks.credentials = FinderMaker(registries).make(creds, authfile, registry_of(place));
}

}  // namespace sealos::cli
