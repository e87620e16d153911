#include "destination.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>

#include "support/digest/hasher.hpp"
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

std::string what_to_do_with_existing(const sdk::Host& host) {
  const std::string wish = host.option(kExisting).value_or("refuse");
  if (wish == "add" || wish == "replace" || wish == "refuse") return wish;
  throw Error(Status::invalid, fmt::format("{} must be add, replace or refuse, not \"{}\"",
                                           kExisting, printable(wish)));
}

/// The name of the reference, and those of the option, which are separated by commas.
std::vector<DockerName> wanted_names(const sdk::Host& host, const ArchiveName& name) {
  std::vector<DockerName> names;
  if (name.name) names.push_back(*name.name);
  std::string more = host.option("docker-archive.tags").value_or("");
  while (!more.empty()) {
    const size_t comma = more.find(',');
    DockerName next = parse_tagged(more.substr(0, comma));
    if (std::find(names.begin(), names.end(), next) == names.end()) names.push_back(next);
    more = comma == std::string::npos ? "" : more.substr(comma + 1);
  }
  return names;
}

/// The machine's architecture as OCI names it.
std::string this_architecture() {
  utsname machine{};
  ::uname(&machine);
  const std::string name = machine.machine;
  if (name == "x86_64") return "amd64";
  if (name == "aarch64") return "arm64";
  if (name.starts_with("arm")) return "arm";
  return name;
}

/// In the plain form the names say what a member is.
std::string plain_path(const Blob& blob, const Digest& digest) {
  return fmt::format("{}.{}", digest.hex(), blob.is_config() ? "json" : "tar");
}

}  // namespace

Destination::Destination(sdk::Host host, const ArchiveName& name, sdk::Intent intent)
    : host_(host),
      names_(wanted_names(host, name)),
      plain_(wants_plain(host)),
      decompress_(host.flag("docker-archive.decompress").value_or(false)),
      preview_(intent == sdk::Intent::preview) {
  const ArchiveTarget target(name.path);
  const std::string wish = what_to_do_with_existing(host);
  if (target.exists()) open_former(target, wish);
  if (preview_) return;
  output_ =
      std::make_unique<ArchiveOutput>(host_, target, kMode, former_ ? former_->blobs() : nullptr);
  if (plain_) output_->name_blobs(plain_path);
}

void Destination::open_former(const ArchiveTarget& target, const std::string& wish) {
  if (wish == "replace") return;
  if (wish == "refuse") {
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
  if (!zstd || plain_ || warned_zstd_) return;
  warned_zstd_ = true;
  host_.warn(
      "layers compressed with zstd can be loaded by Docker 23 and newer only; "
      "docker-archive.decompress=true stores them uncompressed");
}

Blob Destination::put_blob(const Blob& blob, Stream& from) {
  check_layer(blob);
  return output().put(blob, from);
}

/// What a preview says to a blob that has a digest.
std::optional<std::int64_t> Destination::reusable(const Blob& blob) const {
  if (plain_ || !former_) return std::nullopt;
  return size_to_carry_over(former_->blobs().get(), blob, *blob.digest);
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  const auto use = [&](const Blob& blob) -> std::optional<Blob> {
    if (!blob.digest || (want.compression && blob.compression != want.compression))
      return std::nullopt;
    const auto size = preview_ ? reusable(blob) : output().reuse(blob, *blob.digest);
    if (!size) return std::nullopt;
    Blob used = blob;
    used.size = *size;
    return used;
  };
  if (auto used = use(want.blob)) return used;
  for (const Blob& candidate : want.candidates) {
    if (auto used = use(candidate)) return used;
  }
  return std::nullopt;
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  const auto types = manifest_types();
  if (std::find(types.begin(), types.end(), manifest.label) == types.end()) {
    throw Error(Status::manifest_rejected, fmt::format("a Docker archive of this form takes no "
                                                       "manifest of type \"{}\"",
                                                       printable(manifest.label)));
  }
  const Digest digest = instance ? *instance : digest_of(manifest.data);
  if (instance && digest_of(manifest.data, instance->algorithm()) != *instance) {
    throw Error(Status::corrupt,
                fmt::format("manifest {} does not have that digest", instance->brief()));
  }
  if (!plain_) output().put(digest, manifest.data);
  if (instance) {
    if (is_manifest(manifest.label)) manifests_[digest] = manifest.data;
    return;
  }
  top_ = Descriptor{manifest.label, digest, static_cast<std::int64_t>(manifest.data.size())};
  top_text_ = manifest.data;
}

ArchiveItem Destination::item_of(const Json& manifest) const {
  const auto path = [&](const Json& descriptor, bool config) {
    const Digest digest = Digest::require(descriptor.text_at("digest"));
    Blob blob;
    if (config) blob.flags = SEALOS_BLOB_CONFIG;
    return plain_ ? plain_path(blob, digest) : archive_path_of(digest);
  };
  ArchiveItem item;
  item.config = path(manifest.at("config"), true);
  if (const Json* layers = manifest.find("layers")) {
    for (const Json& layer : layers->items("layers")) item.layers.push_back(path(layer, false));
  }
  return item;
}

/// Of an index, the image for this machine, else the first; old engines see that one alone.
ArchiveItem Destination::described_item() const {
  const Json top = Json::parse(top_text_);
  if (!is_index(top_->media_type)) return item_of(top);
  const std::string* first = nullptr;
  for (const Json& child : top.at("manifests").items("manifests")) {
    const auto at = manifests_.find(Digest::require(child.text_at("digest")));
    if (at == manifests_.end()) continue;
    if (annotation(child, kDockerReferenceType) == "attestation-manifest") continue;
    if (first == nullptr) first = &at->second;
    const Json* platform = child.find("platform");
    if (platform != nullptr && platform->text_at("os") == "linux" &&
        platform->text_at("architecture") == this_architecture()) {
      return item_of(Json::parse(at->second));
    }
  }
  if (first == nullptr) throw Error(Status::unsupported, "the index has no image that was copied");
  return item_of(Json::parse(*first));
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

/// The tag alone stands in ref.name, as Docker and containerd write it.
void Destination::add_entries() {
  if (names_.empty()) {
    index_.add(*top_, "");
    return;
  }
  for (const DockerName& name : names_) {
    Json entry = top_->json();
    entry.set("annotations", Json::object({{std::string(kContainerdName), name.str()},
                                           {std::string(kRefName), name.tag}}));
    index_.append(std::move(entry));
  }
}

std::optional<std::string> Destination::commit(const Item&) {
  if (!top_) throw Error(Status::internal, "docker-archive: there is no manifest to commit");
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
    output().add("oci-layout", kLayoutFile);
    output().add("index.json", index_.dump());
  }
  Json manifest = Json::array();
  for (const ArchiveItem& each : items_) manifest.push_back(each.json());
  output().add("manifest.json", manifest.dump());
  output().commit();
  return std::nullopt;
}

}  // namespace sealos::docker_archive
