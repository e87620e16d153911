#include "destination.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sealos/sdk/reuse.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::docker_archive {

using namespace oci_layout;

namespace {

constexpr unsigned kMode = 0444;
constexpr const char* kExisting = "docker-archive.existing";

bool wants_plain(const sdk::Host& host) {
  const std::string wish = host.option("docker-archive.format").value_or("hybrid");
  if (wish == "hybrid" || wish == "plain") return wish == "plain";
  throw Error(
      Status::invalid,
      fmt::format("docker-archive.format must be hybrid or plain, not \"{}\"", printable(wish)));
}

/// The name of the reference, and those of the option, which are separated by commas.
std::vector<DockerName> wanted_names(const sdk::Host& host, const ArchiveName& name) {
  std::vector<DockerName> names;
  if (name.name) names.push_back(*name.name);
  std::string more = host.option("docker-archive.tags").value_or("");
  while (!more.empty()) {
    const size_t comma = more.find(',');
    try {
      DockerName next = parse_tagged(more.substr(0, comma));
      if (std::find(names.begin(), names.end(), next) == names.end()) names.push_back(next);
    } catch (Error& e) {
      throw e.add_context("docker-archive.tags");
    }
    more = comma == std::string::npos ? "" : more.substr(comma + 1);
  }
  return names;
}

/// In the plain form the names say what a member is.
std::string plain_path(const Digest& digest, bool config) {
  return fmt::format("{}.{}", digest.hex(), config ? "json" : "tar");
}

}  // namespace

Destination::Destination(sdk::Host host, const ArchiveName& name, sdk::Intent intent)
    : host_(host),
      names_(wanted_names(host, name)),
      plain_(wants_plain(host)),
      decompress_(host.flag("docker-archive.decompress").value_or(false)),
      preview_(intent == sdk::Intent::preview) {
  const ArchiveTarget target(name.path);
  const Existing wish = existing_wish(host, kExisting);
  if (target.exists()) open_former(target, wish);
  if (preview_) return;
  output_ =
      std::make_unique<ArchiveOutput>(host_, target, kMode, former_ ? former_->blobs() : nullptr);
  if (!plain_) return;
  output_->writer().name_blobs(
      [](const Blob& blob, const Digest& digest) { return plain_path(digest, blob.is_config()); });
}

void Destination::open_former(const ArchiveTarget& target, Existing wish) {
  if (wish == Existing::replace) return;
  if (wish != Existing::add) {
    throw Error(Status::exists,
                fmt::format("the file exists; {0}=add adds this image, {0}=replace replaces the "
                            "file",
                            kExisting));
  }
  former_ = std::make_unique<FormerArchive>(host_, target.path());
}

std::vector<std::string> Destination::manifest_types() const {
  if (plain_) return {std::string(kDockerManifest)};
  return {std::string(kOciManifest), std::string(kDockerManifest), std::string(kOciIndex),
          std::string(kDockerList)};
}

LayerCompression Destination::compression() const {
  return plain_ || decompress_ ? LayerCompression::decompress : LayerCompression::preserve;
}

ArchiveOutput& Destination::output() {
  if (output_ == nullptr) throw Error(Status::internal, "docker-archive: the copy was aborted");
  return *output_;
}

/// Docker would import some kinds of layers and then fail to use them.
void Destination::check_layer(const Blob& blob) {
  if (blob.is_config() || blob.layer_index < 0) return;
  const std::string& type = blob.media_type;
  const bool foreign = type.find("nondistributable") != std::string::npos ||
                       type.find("foreign") != std::string::npos;
  const bool tar = type.empty() || type.find("tar") != std::string::npos;
  const std::string compression = blob.compression.value_or("");
  const bool unpacked_by_all =
      compression.empty() || compression == "gzip" || compression == "zstd";
  if (foreign || !tar || !unpacked_by_all || type.ends_with("+encrypted")) {
    throw Error(Status::unsupported,
                fmt::format("a Docker archive takes no layer of type \"{}\"{}", printable(type),
                            unpacked_by_all ? "" : ", compressed with " + printable(compression)));
  }
  const bool zstd = compression == "zstd" || type.ends_with("zstd");
  if (!zstd || plain_ || warned_zstd_.exchange(true)) return;
  host_.warn(
      "layers compressed with zstd can be loaded by Docker 23 and newer only; "
      "--compression-format gzip recodes them, docker-archive.decompress=true stores them "
      "uncompressed");
}

Blob Destination::put_blob(const Blob& blob, Stream& from) {
  check_layer(blob);
  return output().writer().put(blob, from);
}

/// A preview sees what could be carried over.
std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  if (!preview_) return output().try_reuse(want);
  return sdk::first_reusable(want, [&](const Blob&, const Digest& digest) {
    return plain_ || !former_ ? std::nullopt : former_->blobs()->size(digest);
  });
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  const auto types = manifest_types();
  if (std::find(types.begin(), types.end(), manifest.label) == types.end()) {
    throw Error(Status::manifest_rejected, fmt::format("a Docker archive of this form takes no "
                                                       "manifest of type \"{}\"",
                                                       printable(manifest.label)));
  }
  const Digest digest = image_.add(instance, manifest);
  if (!plain_) output().writer().put(digest, manifest.data);
}

/// Of an index, the image for this machine, else the first; old engines see that one alone.
ArchiveItem Destination::described_item() const {
  return ImageDescription::item_of(
      image_.described(this_platform()), [&](const Digest& digest, bool config) {
        return plain_ ? plain_path(digest, config) : archive_path_of(digest);
      });
}

/// An image that is there already gets more names.
void Destination::add_item(ArchiveItem item) {
  for (const DockerName& name : names_) item.tags.push_back(name.str());
  for (ArchiveItem& other : items_) {
    if (other.config != item.config || other.layers != item.layers) continue;
    other.tags.insert(other.tags.end(), item.tags.begin(), item.tags.end());
    return;
  }
  items_.push_back(std::move(item));
}

void Destination::add_entries() {
  if (names_.empty()) index_.add(image_.top(), "");
  for (Json& entry : image_.entries(names_)) index_.append(std::move(entry));
}

std::optional<std::string> Destination::commit(const Item&) {
  if (!image_.complete())
    throw Error(Status::internal, "docker-archive: there is no manifest to commit");
  ArchiveItem item = described_item();
  if (former_) {
    former_->take_names(names_, item.config);
    former_->carry_over(output());
    items_ = former_->items();
    index_ = former_->index();
  }
  add_item(std::move(item));
  if (!plain_) add_entries();
  if (!plain_ || !index_.entries().empty()) {
    output().writer().add("oci-layout", kLayoutFile);
    output().writer().add("index.json", index_.dump());
  }
  Json manifest = Json::array();
  for (const ArchiveItem& each : items_) manifest.push_back(each.json());
  output().writer().add("manifest.json", manifest.dump());
  output().commit();
  return std::nullopt;
}

}  // namespace sealos::docker_archive
