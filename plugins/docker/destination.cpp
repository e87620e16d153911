#include "destination.hpp"

#include <fmt/format.h>

#include "manifests.hpp"
#include "reference.hpp"
#include "referrers.hpp"
#include "support/digest/hasher.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos::docker {

Destination::Destination(sdk::Host host, const DockerName& name, bool insecure, sdk::Intent intent)
    : registry_(host, name, Side::writer, insecure),
      name_(name),
      preview_(intent == sdk::Intent::preview),
      journal_(host, name.str(), registry_.settings().journal && !preview_),
      uploader_(registry_, journal_),
      signatures_(registry_, name) {}

std::vector<std::string> Destination::manifest_types() const {
  return {kOciManifest, kDockerManifest, kOciIndex, kDockerList, kSchema1Signed, kSchema1};
}

Blob Destination::put_blob(const Blob& blob, Stream& from) { return uploader_.upload(blob, from); }

std::optional<Blob> Destination::try_mount(const Blob& candidate, const std::string& location) {
  std::string path = location;
  if (path.starts_with(registry_.domain() + "/")) path.erase(0, registry_.domain().size() + 1);
  if (path.empty() || path == registry_.path()) return std::nullopt;
  try {
    // It becomes part of an address.
    const DockerName checked = DockerName::parse(registry_.domain() + "/" + path);
    Blob mounted = candidate;
    std::optional<std::int64_t> there;
    if (preview_ || candidate.size < 0) {
      there = head_blob(registry_, checked.path, *candidate.digest);
      if (!there) return std::nullopt;
      if (candidate.size < 0) mounted.size = *there;
    }
    if (mounted.size < 0) return std::nullopt;
    if (!preview_ && !mount_blob(registry_, *candidate.digest, checked.path)) return std::nullopt;
    mounted.location = registry_.domain() + "/" + checked.path;
    return mounted;
  } catch (const Error& e) {
    if (e.status() == Status::cancelled) throw;
    registry_.host().debug(e.message());
    return std::nullopt;
  }
}

std::optional<Blob> Destination::try_mounts(const Blob& candidate) {
  if (!candidate.location.empty()) {
    if (auto mounted = try_mount(candidate, candidate.location)) return mounted;
  }
  for (const std::string& repository : registry_.settings().mount_from) {
    if (auto mounted = try_mount(candidate, repository)) return mounted;
  }
  return std::nullopt;
}

std::optional<Blob> Destination::try_one(const Blob& candidate, bool absent) {
  if (!candidate.digest) return std::nullopt;
  const auto size =
      absent ? std::nullopt : head_blob(registry_, registry_.path(), *candidate.digest);
  if (size && *size >= 0 && candidate.size >= 0 && *size != candidate.size) return std::nullopt;
  Blob used = candidate;
  used.location.clear();
  if (size && *size >= 0) used.size = *size;
  if (!size) {
    auto mounted = try_mounts(candidate);
    if (!mounted) return std::nullopt;
    used = *std::move(mounted);
  }
  used.urls.clear();
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
  if (!instance) top_ = manifest;
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

void Destination::put_signatures(const std::optional<Digest>& instance,
                                 const std::vector<Item>& items) {
  if (!instance && !top_) throw Error(Status::internal, "docker: signatures of no manifest");
  const Digest digest =
      instance ? *instance : signed_digest(registry_, *top_, manifest_name(name_));
  signatures_.add(digest, items, uploader_);
}

void Destination::put_referrer(const Item& manifest) {
  if (!subject_of(manifest))
    throw Error(Status::invalid, "a manifest without a subject refers to nothing");
  put_manifest(digest_of(manifest.data), manifest);
}

std::vector<Referrer> Destination::list_referrers(const Digest& subject,
                                                  const std::optional<std::string>& artifact_type) {
  return docker::list_referrers(registry_, subject, artifact_type);
}

void Destination::put_attached(const Digest& subject, const std::string& kind,
                               const Item& manifest) {
  docker::put_attached(registry_, subject, kind, manifest);
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
