#include "daemon_name.hpp"

#include <fmt/format.h>

namespace sealos::docker_daemon {
namespace {

/// "docker.io/library/foo" is shown as "foo".
std::string familiar(const DockerName& name) {
  std::string text = name.domain == "docker.io" ? name.path : name.repository();
  constexpr std::string_view kLibrary = "library/";
  if (name.domain == "docker.io" && text.starts_with(kLibrary) &&
      text.find('/', kLibrary.size()) == std::string::npos)
    text.erase(0, kLibrary.size());
  if (!name.tag.empty()) text += ":" + name.tag;
  if (name.digest) text += "@" + name.digest->str();
  return text;
}

}  // namespace

DaemonName DaemonName::parse(std::string_view details) {
  const auto fail = [&](std::string_view why) {
    return Error(Status::invalid, fmt::format("docker-daemon:{}: {}", printable(details), why));
  };
  if (details.starts_with("sha512:") || details.starts_with("sha384:"))
    throw fail("ids of docker are sha256 digests");
  if (details.starts_with("sha256:")) {
    auto id = Digest::parse(details);
    if (!id) throw fail("what begins with sha256: is an id and has 64 hex digits");
    return {std::move(id), std::nullopt};
  }
  DockerName name;
  try {
    name = DockerName::parse(details);
  } catch (Error& e) {
    throw e.add_context("docker-daemon");
  }
  if (name.tag.empty() && !name.digest)
    throw fail("a tag or a digest is missing; a name alone means all its tags to the daemon");
  if (!name.tag.empty() && name.digest)
    throw fail("a tag and a digest together cannot be looked up");
  return {std::nullopt, std::move(name)};
}

std::string DaemonName::canonical() const { return id ? id->str() : familiar(*name); }

}  // namespace sealos::docker_daemon
