#include "destination.hpp"

#include <fmt/format.h>

#include "manifests.hpp"
#include "reference.hpp"
#include "referrers.hpp"
#include "support/digest/hasher.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos::docker {

Destination::Destination(sdk::Host host, const DockerName& name, bool insecure)
    : registry_(host, name, insecure),
      name_(name),
      journal_(host, name.str(), registry_.settings().journal),
      uploader_(registry_, journal_) {}

std::vector<std::string> Destination::manifest_types() const {
  return {kOciManifest, kDockerManifest, kOciIndex, kDockerList};
}

Blob Destination::put_blob(const Blob& blob, Stream& from) { return uploader_.upload(blob, from); }

std::optional<std::int64_t> Destination::try_mount(const Blob& candidate,
                                                   const std::string& location) {
  std::string path = location;
  if (path.starts_with(registry_.domain() + "/")) path.erase(0, registry_.domain().size() + 1);
  if (path.empty() || path == registry_.path()) return std::nullopt;
  try {
    // It becomes part of an address.
    const DockerName checked = DockerName::parse(registry_.domain() + "/" + path);
    std::int64_t size = candidate.size;
    if (size < 0) size = head_blob(registry_, checked.path, *candidate.digest).value_or(-1);
    if (size < 0 || !mount_blob(registry_, *candidate.digest, checked.path)) return std::nullopt;
    return size;
  } catch (const Error& e) {
    if (e.status() == Status::cancelled) throw;
    registry_.host().debug(e.message());
    return std::nullopt;
  }
}

std::optional<std::int64_t> Destination::try_mounts(const Blob& candidate) {
  if (!candidate.location.empty()) {
    if (const auto size = try_mount(candidate, candidate.location)) return size;
  }
  for (const std::string& repository : registry_.settings().mount_from) {
    if (const auto size = try_mount(candidate, repository)) return size;
  }
  return std::nullopt;
}

std::optional<Blob> Destination::try_one(const Blob& candidate, bool absent) {
  if (!candidate.digest) return std::nullopt;
  Blob used = candidate;
  used.urls.clear();
  auto size = absent ? std::nullopt : head_blob(registry_, registry_.path(), *candidate.digest);
  if (size && *size >= 0 && candidate.size >= 0 && *size != candidate.size) return std::nullopt;
  if (!size) size = try_mounts(candidate);
  if (!size) return std::nullopt;
  if (*size >= 0) used.size = *size;
  used.location = registry_.repository();
  return used;
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  if (auto used = try_one(want.blob, false)) return used;
  for (const Blob& candidate : want.candidates) {
    if (want.compression && candidate.compression != want.compression) continue;
    if (auto used = try_one(candidate, candidate.digest == want.blob.digest)) return used;
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
  const auto subject = subject_of(manifest);
  // What is there already may not be listed yet.
  if (!subject && has_same(name, manifest)) {
    registry_.host().info(fmt::format("{} has this manifest as {}", registry_.repository(), name));
    return;
  }
  const bool listed = !docker::put_manifest(registry_, name, manifest).empty();
  if (subject && !listed)
    add_to_tagged_index(registry_, *subject, Digest::parse(name).value_or(digest_of(manifest.data)),
                        manifest);
}

void Destination::put_referrer(const Item& manifest) {
  if (!subject_of(manifest))
    throw Error(Status::invalid, "a manifest without a subject refers to nothing");
  put_manifest(digest_of(manifest.data), manifest);
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
