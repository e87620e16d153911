#include "source.hpp"

#include <fmt/format.h>

#include "kept_image.hpp"
#include "support/digest/hasher.hpp"

namespace sealos::sif {
namespace {

enum class Wish { best, original, filesystem, skopeo };

Wish wish_of(const sdk::Host& host) {
  const std::string wish = host.option("sif.read").value_or("");
  if (wish.empty()) return Wish::best;
  if (wish == "original") return Wish::original;
  if (wish == "filesystem") return Wish::filesystem;
  if (wish == "skopeo") return Wish::skopeo;
  throw Error(
      Status::invalid,
      fmt::format("sif.read must be original, filesystem or skopeo, not \"{}\"", printable(wish)));
}

/// What belongs to the file alone is not part of the image.
void warn_of_the_rest(const sdk::Host& host, const SifFile& file, const std::string& name) {
  bool signature = false, overlay = false, sbom = false;
  for (const Descriptor& object : file.descriptors()) {
    signature |= object.type == DataType::signature;
    sbom |= object.type == DataType::sbom;
    overlay |= object.partition && object.partition->type == PartitionType::overlay;
  }
  if (signature) host.warn(name + ": its signatures hold for the file, and are not copied");
  if (sbom) host.warn(name + ": its lists of software (SBOM) are not copied");
  if (overlay) host.warn(name + ": its overlay, with changes to the image, is not copied");
}

}  // namespace

Source::Source(const sdk::Host& host, const std::string& path) : name_("sif:" + printable(path)) {
  const Wish wish = wish_of(host);
  const auto file = std::make_shared<const SifFile>(path);
  warn_of_the_rest(host, *file, name_);
  if (wish == Wish::best || wish == Wish::original) {
    kept_ = open_oci_sif(name_, file);
    if (!kept_) kept_ = open_kept(name_, file);
    if (kept_) return;
    if (wish == Wish::original) {
      throw Error(Status::not_found,
                  "it does not keep the layers of the image that it was made of; without "
                  "sif.read=original its file system is read");
    }
  }
  flat_ = std::make_unique<FlatImage>(host, file, wish == Wish::skopeo);
}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  if (kept_) return kept_->read_manifest(instance);
  try {
    Item manifest = flat_->manifest();
    if (instance && digest_of(manifest.data, instance->algorithm()) != *instance) {
      throw Error(Status::not_found,
                  fmt::format("there is no manifest {} in it", instance->brief()));
    }
    return manifest;
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  if (kept_) return kept_->open_blob(blob, offset, length);
  try {
    return flat_->open_blob(blob, offset, length);
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

}  // namespace sealos::sif
