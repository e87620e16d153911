#include "core/copy/image_there.hpp"

#include <fmt/format.h>

#include "core/manifest/instance_choice.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {
namespace {

constexpr int kDeepest = 4;

const Descriptor& choose(const Manifest& index) {
  std::vector<InstanceEntry> entries;
  for (const Descriptor& entry : index.instances()) {
    if (!is_attestation(entry)) entries.push_back({entry, entry.platform});
  }
  if (entries.empty()) throw Error(Status::invalid, "the index that is there has no image");
  const Digest& chosen = entries[choose_one(entries, Platform::host()).value_or(0)].entry.digest;
  for (const Descriptor& entry : index.instances()) {
    if (entry.digest == chosen) return entry;
  }
  throw Error(Status::internal, "an index lost an entry");
}

}  // namespace

DestinationTraits taking_everything(const std::string& name) {
  DestinationTraits traits;
  traits.name = name;
  traits.flags = SEALOS_KEEPS_LAYERS | SEALOS_KEEPS_URLS | SEALOS_KEEPS_DOCKER_NAME;
  traits.signature_formats = std::nullopt;  // any
  return traits;
}

ImageThere find_image_there(Source& source) {
  const Manifest top = Manifest::parse(source.read_manifest(std::nullopt));
  Manifest image = top;
  for (int depth = 0; image.is_index(); ++depth) {
    if (depth == kDeepest) throw Error(Status::invalid, "indexes are nested too deeply");
    const Digest wanted = choose(image).digest;
    Manifest inner = Manifest::parse(source.read_manifest(wanted));
    if (digest_of(inner.named_bytes(), wanted.algorithm()) != wanted)
      throw Error(Status::corrupt,
                  fmt::format("the manifest asked for as {} has another digest", wanted.str()));
    image = std::move(inner);
  }
  return {top, image};
}

}  // namespace sealos
