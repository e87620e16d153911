#include "core/copy/manifest_signer.hpp"

#include <fmt/format.h>

#include <set>

#include "support/docker_name/docker_name.hpp"

namespace sealos {
namespace {

/// The name as it stands in signatures, which the user has to write out: "app:1" is somebody
/// else's, docker.io/library/app:1.
std::string given_identity(const std::string& text) {
  const DockerName name = DockerName::parse(text);
  if (name.str() != text) {
    throw Error(Status::invalid, fmt::format("--sign-identity {} is not written out, as {}",
                                             printable(text), name.str()));
  }
  if (name.tag.empty() && !name.digest) {
    throw Error(Status::invalid,
                fmt::format("--sign-identity {} has neither tag nor digest", printable(text)));
  }
  return text;
}

std::string identity_of(const CopyRequest& request, const Reference& to) {
  if (!request.sign_identity.empty()) return given_identity(request.sign_identity);
  const auto name = to.docker_name();
  if (name) {
    const DockerName parsed = DockerName::parse(*name);
    if (!parsed.tag.empty() || parsed.digest) return parsed.str();
  }
  throw Error(Status::invalid,
              fmt::format("{} has no name that a signature could be for; --sign-identity gives it "
                          "one, such as registry.example.com/app:1",
                          printable(to.canonical())));
}

}  // namespace

ManifestSigner::ManifestSigner(const CopyRequest& request, const Reference& to,
                               Destination& destination)
    : signers_(request.signers) {
  if (signers_.empty()) return;
  if (const auto formats = destination.signature_formats(); formats && formats->empty()) {
    throw Error(Status::unsupported,
                fmt::format("{} cannot store signatures; leave --sign-by away", to.transport()));
  }
  identity_ = identity_of(request, to);
  for (const auto& signer : signers_) destination.check_signatures(signer->format());
}

std::vector<Item> ManifestSigner::sign(const Digest& manifest) const {
  std::vector<Item> made;
  for (const auto& signer : signers_) made.push_back(signer->sign({identity_, manifest}));
  return made;
}

void check_kept_signatures(const std::vector<Item>& signatures, Destination& destination,
                           const std::string& transport) {
  std::set<std::string> formats;
  for (const Item& one : signatures) formats.insert(one.label);
  for (const std::string& format : formats) {
    try {
      destination.check_signatures(format);
    } catch (Error& e) {
      throw e.add_context(
          fmt::format("the image has signatures ({}) that {} cannot store; to drop "
                      "them use --remove-signatures",
                      printable(format), transport));
    }
  }
}

}  // namespace sealos
