#include "kept_image.hpp"

#include <fmt/format.h>

#include <map>

#include "destination.hpp"
#include "support/digest/hasher.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::sif {
namespace {

using oci_layout::LayoutSource;

/// Objects of the SIF that are blobs.
class ObjectBlobs final : public oci_layout::BlobFiles {
 public:
  explicit ObjectBlobs(std::shared_ptr<const SifFile> file) : file_(std::move(file)) {}

  void add(const Digest& digest, const Descriptor& object) { objects_.emplace(digest, &object); }

  std::unique_ptr<Stream> open(const Digest& digest, std::int64_t size, std::int64_t offset,
                               std::int64_t length) const override {
    const auto at = objects_.find(digest);
    if (at == objects_.end())
      throw Error(Status::not_found, fmt::format("there is no blob {} in it", digest.brief()));
    oci_layout::check_blob_size(digest, at->second->size, size);
    return file_->open(*at->second, offset, length);
  }

 private:
  std::shared_ptr<const SifFile> file_;
  std::map<Digest, const Descriptor*> objects_;
};

Digest digest_in(const Descriptor& object) {
  if (auto digest = Digest::parse(object.digest)) return *std::move(digest);
  throw Error(Status::corrupt, fmt::format("the SIF is damaged: object {} has the digest \"{}\"",
                                           object.id, printable(object.digest)));
}

Json entry_for(std::string type, const Digest& digest, std::string_view bytes) {
  return oci_layout::Descriptor{std::move(type), digest, static_cast<std::int64_t>(bytes.size())}
      .json();
}

const Descriptor* root_index(const SifFile& file) {
  const Descriptor* found = nullptr;
  for (const Descriptor& object : file.descriptors()) {
    if (object.type != DataType::oci_root_index) continue;
    if (found != nullptr) throw Error(Status::invalid, "it has more than one OCI index");
    found = &object;
  }
  return found;
}

}  // namespace

std::unique_ptr<LayoutSource> open_oci_sif(const std::string& name,
                                           std::shared_ptr<const SifFile> file) {
  const Descriptor* const root = root_index(*file);
  if (root == nullptr) return nullptr;
  auto blobs = std::make_shared<ObjectBlobs>(file);
  for (const Descriptor& object : file->descriptors()) {
    if (object.type == DataType::oci_blob) blobs->add(digest_in(object), object);
  }
  const std::string text = file->read(*root, oci_layout::kMaxManifest);
  const Digest digest = digest_in(*root);
  if (digest_of(text, digest.algorithm()) != digest)
    throw Error(Status::corrupt, "the OCI index in it does not have its digest");
  const auto index = oci_layout::LayoutIndex::parse(text);
  if (index.entries().empty()) throw Error(Status::invalid, "the OCI index in it has no image");
  if (index.entries().size() == 1)
    return std::make_unique<LayoutSource>(name, blobs, index.entries().front());
  blobs->add(digest, *root);
  return std::make_unique<LayoutSource>(
      name, blobs, entry_for(std::string(oci_layout::kOciIndex), digest, text));
}

std::unique_ptr<LayoutSource> open_kept(const std::string& name,
                                        std::shared_ptr<const SifFile> file) {
  const Descriptor* const manifest = file->find(DataType::json, kKeptManifest);
  const Descriptor* const config = file->find(DataType::json, kKeptConfig);
  if (manifest == nullptr || config == nullptr) return nullptr;
  const std::string text = file->read(*manifest, oci_layout::kMaxManifest);
  const Json json = Json::parse(text);
  const Digest digest = digest_of(text);
  auto blobs = std::make_shared<ObjectBlobs>(file);
  blobs->add(digest, *manifest);
  blobs->add(oci_layout::Descriptor::of(json.at("config")).digest, *config);
  std::map<Digest, bool> seen;
  const auto& layers = json.at("layers").items("layers");
  for (size_t i = 0; i < layers.size(); ++i) {
    const Digest layer = oci_layout::Descriptor::of(layers[i]).digest;
    if (!seen.emplace(layer, true).second) continue;
    const Descriptor* kept = file->find(DataType::generic, fmt::format("{}{}", kKeptLayer, i));
    if (kept == nullptr) return nullptr;
    blobs->add(layer, *kept);
  }
  std::string type = json.text_at("mediaType");
  if (type.empty()) type = oci_layout::kOciManifest;
  return std::make_unique<LayoutSource>(name, blobs, entry_for(std::move(type), digest, text));
}

}  // namespace sealos::sif
