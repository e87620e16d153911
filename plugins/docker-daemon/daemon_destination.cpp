#include "daemon_destination.hpp"

#include <fmt/format.h>

#include "sealos/sdk/reuse.hpp"
#include "support/compression/compression.hpp"
#include "support/digest/hasher.hpp"
#include "support/layout_archive/archive_blobs.hpp"
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

std::vector<std::string> Destination::layer_compressions() const {
  std::vector<std::string> taken{"", "gzip"};
  if (unpacks(Compression::zstd)) taken.emplace_back("zstd");
  return taken;
}

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
  if (blob.is_config()) return archive_.put(blob, from);
  if (blob.media_type.ends_with("+encrypted")) {
    throw Error(Status::unsupported,
                "docker-daemon: the layer is encrypted, and docker cannot decrypt it");
  }
  Compression kind = Compression::none;
  const auto layer = look_at_compression(borrow(from), kind);
  if (unpacks(kind)) return archive_.put(blob, *layer);
  if (!blob.digest) {
    throw Error(Status::unsupported,
                fmt::format("docker-daemon: the daemon at {} does not unpack {}; take gzip",
                            client_->where(), name_of(kind)));
  }
  return put_unpacked(blob, decompress(borrow(*layer), kind));
}

/// The archive is then none of an OCI layout, which has the blob itself.
Blob Destination::put_unpacked(const Blob& blob, std::unique_ptr<Stream> plain) {
  const std::string path = fmt::format("{}.tar", blob.digest->hex());
  archive_.add_unsized(path, *plain);
  paths_.emplace(*blob.digest, path);
  return blob;
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  return sdk::first_reusable(want, [&](const Blob& blob, const Digest& digest) {
    return paths_.contains(digest) ? std::optional(blob.size) : archive_.size_of(digest);
  });
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  if (!is_manifest(manifest.label) && !is_index(manifest.label)) {
    throw Error(Status::manifest_rejected,
                fmt::format("docker-daemon: docker loads no manifest of type \"{}\"",
                            printable(manifest.label)));
  }
  archive_.put(image_.add(instance, manifest), manifest.data);
}

/// What makes an image of the blobs. Returns the digest of the config that old engines take.
Digest Destination::describe() {
  const std::string& manifest = image_.described({client_->os(), client_->architecture()});
  docker_archive::ArchiveItem item =
      docker_archive::ImageDescription::item_of(manifest, [&](const Digest& digest, bool) {
        const auto elsewhere = paths_.find(digest);
        return elsewhere == paths_.end() ? archive_path_of(digest) : elsewhere->second;
      });
  item.tags.push_back(name_.name->str());
  if (paths_.empty()) {
    LayoutIndex index;
    for (Json& entry : image_.entries({*name_.name})) index.append(std::move(entry));
    archive_.add("oci-layout", kLayoutFile);
    archive_.add("index.json", index.dump());
  }
  archive_.add("manifest.json", Json(Json::Array{item.json()}).dump());
  return Digest::require(Json::parse(manifest).at("config").text_at("digest"));
}

std::optional<std::string> Destination::commit(const Item&) {
  if (!image_.complete())
    throw Error(Status::internal, "docker-daemon: there is no manifest to commit");
  const Digest config = describe();
  archive_.finish();
  for (const std::string& loaded : upload_->finish())
    host_.debug("docker-daemon: loaded " + printable(loaded));
  verify(config);
  return std::nullopt;
}

/// A daemon that has taken another image under the name, or none, has not always said so.
void Destination::verify(const Digest& config) {
  const std::string name = name_.canonical();
  const auto image = client_->inspect(name);
  if (!image) {
    throw Error(Status::unavailable,
                fmt::format("docker-daemon: {} has loaded {} but does not have it",
                            client_->where(), name));
  }
  std::string id = image->text_at("Id");
  if (!id.starts_with("sha256:")) id = "sha256:" + id;
  const bool known = id == config.str() || id == image_.top().digest.str();
  // Without an OCI layout the containerd store makes a manifest of its own.
  if (known || !paths_.empty()) return;
  throw Error(Status::unavailable, fmt::format("docker-daemon: {} has another image as {} than was "
                                               "loaded: {}",
                                               client_->where(), name, printable(id)));
}

/// Closes the connection before the members that make an image.
void Destination::abort() { upload_->give_up(); }

}  // namespace sealos::docker_daemon
