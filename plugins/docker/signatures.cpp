#include "signatures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "api_signatures.hpp"
#include "attachments.hpp"
#include "manifests.hpp"
#include "support/digest/hasher.hpp"
#include "support/sigstore_attachment/sigstore_attachment.hpp"

namespace sealos::docker {
namespace {

constexpr std::string_view kSimpleSigning = "simple-signing";

}  // namespace

Signatures::Signatures(Registry& registry, const DockerName& name)
    : registry_(registry),
      places_(sdk::signature_places(registry.host(), name.str())),
      lookaside_(registry, places_) {}

std::vector<Item> Signatures::read(const Digest& manifest) {
  std::vector<Item> found = registry_.stores_signatures() ? read_api_signatures(registry_, manifest)
                                                          : lookaside_.read(manifest);
  if (!places_.attachments) return found;
  std::vector<Item> attached = read_attachments(registry_, manifest);
  std::move(attached.begin(), attached.end(), std::back_inserter(found));
  return found;
}

void Signatures::check(std::string_view format) {
  if (format == kSigstoreSignature) {
    if (places_.attachments) return;
    throw Error(Status::unsupported,
                fmt::format("{} stores sigstore signatures only if registries.d says "
                            "use-sigstore-attachments: true for it",
                            registry_.repository()));
  }
  if (format != kSimpleSigning) {
    throw Error(
        Status::unsupported,
        fmt::format("docker: there is no place for signatures of the form {}", printable(format)));
  }
  if (!registry_.stores_signatures()) lookaside_.check_writable();
}

void Signatures::add(const Digest& manifest, const std::vector<Item>& signatures,
                     Uploader& uploader) {
  std::vector<Item> simple, sigstore;
  for (const Item& one : signatures) {
    check(one.label);
    (one.label == kSigstoreSignature ? sigstore : simple).push_back(one);
  }
  if (!simple.empty() && registry_.stores_signatures()) {
    add_api_signatures(registry_, manifest, simple);
  } else if (!simple.empty()) {
    lookaside_.add(manifest, simple);
  }
  if (!sigstore.empty()) add_attachments(registry_, uploader, manifest, sigstore);
}

Digest signed_digest(Registry& registry, const Item& manifest, const std::string& name) {
  if (manifest.label != kSchema1 && manifest.label != kSchema1Signed)
    return digest_of(manifest.data);
  if (const auto said = head_manifest(registry, name, registry.pull_scope())) return *said;
  throw Error(Status::unsupported,
              fmt::format("{} does not say the digest of its schema 1 manifest, so that its "
                          "signatures cannot be found",
                          registry.repository()));
}

}  // namespace sealos::docker
