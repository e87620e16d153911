#include "destination.hpp"

#include <fmt/format.h>

#include "manifests.hpp"
#include "reference.hpp"
#include "support/digest/hasher.hpp"

namespace sealos::docker {

Destination::Destination(sdk::Host host, const DockerName& name)
    : registry_(host, name),
      name_(name),
      journal_(host, name.str(), registry_.settings().journal),
      uploader_(registry_, journal_) {}

std::vector<std::string> Destination::manifest_types() const {
  return {kOciManifest, kDockerManifest, kOciIndex, kDockerList};
}

Blob Destination::put_blob(const Blob& blob, Stream& from) { return uploader_.upload(blob, from); }

bool Destination::try_mount(const Digest& digest, const std::string& location) {
  std::string path = location;
  if (path.starts_with(registry_.domain() + "/")) path.erase(0, registry_.domain().size() + 1);
  if (path.empty() || path == registry_.path()) return false;
  try {
    // It becomes part of an address.
    const DockerName checked = DockerName::parse(registry_.domain() + "/" + path);
    return mount_blob(registry_, digest, checked.path);
  } catch (const Error& e) {
    if (e.status() == Status::cancelled) throw;
    registry_.host().debug(e.message());
    return false;
  }
}

bool Destination::try_mounts(const Blob& candidate) {
  if (!candidate.location.empty() && try_mount(*candidate.digest, candidate.location)) return true;
  for (const std::string& repository : registry_.settings().mount_from) {
    if (try_mount(*candidate.digest, repository)) return true;
  }
  return false;
}

std::optional<Blob> Destination::try_one(const Blob& candidate) {
  if (!candidate.digest) return std::nullopt;
  Blob used = candidate;
  used.urls.clear();
  const auto size = head_blob(registry_, registry_.path(), *candidate.digest);
  if (size) {
    if (*size >= 0 && candidate.size >= 0 && *size != candidate.size) return std::nullopt;
    if (*size >= 0) used.size = *size;
  } else if (candidate.size < 0 || !try_mounts(candidate)) {
    return std::nullopt;
  }
  used.location = registry_.repository();
  return used;
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  if (auto used = try_one(want.blob)) return used;
  for (const Blob& candidate : want.candidates) {
    if (want.compression && candidate.compression != want.compression) continue;
    if (auto used = try_one(candidate)) return used;
  }
  return std::nullopt;
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  if (!instance && name_.digest) {
    const Digest real = digest_of(manifest.data, name_.digest->algorithm());
    if (real != *name_.digest)
      throw Error(
          Status::invalid,
          fmt::format("docker://{} cannot be written: the image's manifest has the digest {}",
                      name_.str(), real.str()));
  }
  const std::string name = instance ? instance->str() : manifest_name(name_);
  if (has_same(name, manifest)) {
    registry_.host().info(fmt::format("{} has this manifest as {}", registry_.repository(), name));
    return;
  }
  docker::put_manifest(registry_, name, manifest);
}

bool Destination::has_same(const std::string& name, const Item& manifest) {
  try {
    const auto there = head_manifest(registry_, name, registry_.push_scope());
    return there && *there == digest_of(manifest.data, there->algorithm());
  } catch (const Error& e) {
    if (e.status() == Status::cancelled) throw;
    registry_.host().debug(e.message());
    return false;
  }
}

std::optional<std::string> Destination::commit(const Item&) {
  journal_.clear();
  return std::nullopt;
}

}  // namespace sealos::docker
