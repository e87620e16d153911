#include "daemon_destination.hpp"

#include <fmt/format.h>

#include "archive_index.hpp"
#include "support/compression/compression.hpp"
#include "support/digest/hasher.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::docker_daemon {
namespace {

using namespace oci_layout;

// Docker 23 is the first that unpacks zstd.
constexpr int kZstdSince = 1042;

}  // namespace

Destination::Destination(sdk::Host host, std::unique_ptr<DaemonClient> client, DaemonName name)
    : host_(host),
      client_(std::move(client)),
      name_(std::move(name)),
      upload_(std::make_unique<Upload>(*client_)),
      archive_(*upload_, 0, 0444, host.temp_dir()) {}

std::vector<std::string> Destination::manifest_types() const {
  std::vector<std::string> types{std::string(kOciManifest), std::string(kDockerManifest)};
  if (client_->keeps_indexes())
    types.insert(types.end(), {std::string(kOciIndex), std::string(kDockerList)});
  return types;
}

bool Destination::unpacks(Compression kind) const {
  if (kind == Compression::zstd) return client_->version() >= kZstdSince;
  return kind == Compression::none || kind == Compression::gzip;
}

Blob Destination::put_blob(const Blob& blob, Stream& from) {
  if (blob.digest) {
    if (const auto at = written_.find(*blob.digest); at != written_.end()) return at->second;
  }
  if (blob.is_config()) return put_plainly(blob, from);
  if (blob.media_type.ends_with("+encrypted")) {
    throw Error(Status::unsupported,
                "docker-daemon: the layer is encrypted, and docker cannot decrypt it");
  }
  Compression kind = Compression::none;
  const auto layer = look_at_compression(borrow(from), kind);
  if (unpacks(kind)) return put_plainly(blob, *layer);
  if (!blob.digest) {
    throw Error(Status::unsupported,
                fmt::format("docker-daemon: the daemon at {} does not unpack {}; take gzip",
                            client_->where(), name_of(kind)));
  }
  return put_unpacked(blob, decompress(borrow(*layer), kind));
}

Blob Destination::put_plainly(const Blob& blob, Stream& from) {
  Blob put = blob;
  if (blob.digest && blob.size >= 0) {
    archive_.add(blob_path(*blob.digest), blob.size, from);
  } else {
    Hasher hasher;
    const auto name = [&]() -> std::string {
      if (!put.digest) put.digest = hasher.finish();
      return written_.contains(*put.digest) ? "" : blob_path(*put.digest);
    };
    put.size = archive_.add_unsized(name, from, &hasher);
  }
  return written_.emplace(*put.digest, put).first->second;
}

/// The archive is then none of an OCI layout, which has the blob itself.
Blob Destination::put_unpacked(const Blob& blob, std::unique_ptr<Stream> plain) {
  const std::string path = fmt::format("{}.tar", blob.digest->hex());
  archive_.add_unsized([&] { return path; }, *plain, nullptr);
  paths_.emplace(*blob.digest, path);
  return written_.emplace(*blob.digest, blob).first->second;
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  if (!want.blob.digest) return std::nullopt;
  const auto at = written_.find(*want.blob.digest);
  if (at == written_.end()) return std::nullopt;
  if (want.compression && at->second.compression != want.compression) return std::nullopt;
  return at->second;
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  if (!is_manifest(manifest.label) && !is_index(manifest.label)) {
    throw Error(Status::manifest_rejected,
                fmt::format("docker-daemon: docker loads no manifest of type \"{}\"",
                            printable(manifest.label)));
  }
  const Digest digest = digest_of(manifest.data, instance ? instance->algorithm() : "sha256");
  if (instance && *instance != digest) {
    throw Error(Status::corrupt, fmt::format("docker-daemon: manifest {} does not have that digest",
                                             instance->brief()));
  }
  manifests_.insert_or_assign(digest, manifest);
  if (!instance) top_ = manifest;
}

std::optional<std::string> Destination::commit(const Item&) {
  if (!top_) throw Error(Status::internal, "docker-daemon: there is no manifest to commit");
  const DockerName& name = *name_.name;
  const ArchiveIndex index = make_archive_index(*top_, manifests_, paths_, name.str(), name.tag,
                                                {client_->os(), client_->architecture()});
  const bool layout = !index.index_json.empty();
  if (layout) {
    for (const auto& [digest, manifest] : manifests_)
      archive_.add(blob_path(digest), manifest.data);
    archive_.add("oci-layout", kLayoutFile);
    archive_.add("index.json", index.index_json);
  }
  archive_.add("manifest.json", index.manifest_json);
  archive_.finish();
  for (const std::string& loaded : upload_->finish())
    host_.debug("docker-daemon: loaded " + printable(loaded));
  verify(index.config_digest, layout);
  return std::nullopt;
}

/// A daemon that has taken another image under the name, or none, has not always said so.
void Destination::verify(const std::string& config, bool layout) {
  const std::string name = name_.canonical();
  const auto image = client_->inspect(name);
  if (!image) {
    throw Error(Status::unavailable,
                fmt::format("docker-daemon: {} has loaded {} but does not have it",
                            client_->where(), name));
  }
  std::string id = image->text_at("Id");
  if (!id.starts_with("sha256:")) id = "sha256:" + id;
  const bool known = id == config || id == digest_of(top_->data).str();
  // Without an OCI layout the containerd store makes a manifest of its own.
  if (known || !layout) return;
  throw Error(Status::unavailable, fmt::format("docker-daemon: {} has another image as {} than was "
                                               "loaded: {}",
                                               client_->where(), name, printable(id)));
}

/// Closes the connection before the members that make an image.
void Destination::abort() { upload_->give_up(); }

}  // namespace sealos::docker_daemon
