#include "oci_form.hpp"

#include <unistd.h>

#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/oci_layout/manifest_check.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::sif {
namespace {

constexpr std::int64_t kSlots = 144;  // layers of nearly all images, and some to spare

Descriptor object_of(DataType type, const Digest& digest) {
  Descriptor object;
  object.type = type;
  object.digest = digest.str();
  return object;
}

}  // namespace

OciForm::OciForm(const sdk::Host& host, const std::string& path, sdk::Intent intent)
    : output_(host, path, intent) {
  for (const char* key :
       {"sif.keep-layers", "sif.compression", "sif.level", "sif.owners", "sif.fix-perms"}) {
    if (host.option(key))
      throw Error(Status::unsupported, std::string(key) + " means nothing with sif.format=oci");
  }
  output_.reserve(kSlots);
}

std::vector<std::string> OciForm::manifest_types() const {
  return {std::string(oci_layout::kOciManifest), std::string(oci_layout::kOciIndex)};
}

Blob OciForm::put_blob(const Blob& blob, Stream& from) {
  const std::int64_t at = output_.begin_object();
  if (::lseek(output_.fd(), at, SEEK_SET) < 0) throw errno_error(errno, "seeking in the SIF");
  std::optional<Hasher> hasher;
  if (!blob.digest) hasher.emplace();
  Blob made;
  made.size = copy_to_file(from, output_.fd(), "the SIF", hasher ? &*hasher : nullptr);
  made.digest = hasher ? hasher->finish() : *blob.digest;
  if (written_.emplace(*made.digest, made.size).second)
    output_.end_object(object_of(DataType::oci_blob, *made.digest), made.size);
  return made;
}

void OciForm::put_text(const Digest& digest, std::string_view text) {
  if (written_.emplace(digest, static_cast<std::int64_t>(text.size())).second)
    output_.add(object_of(DataType::oci_blob, digest), text);
}

void OciForm::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  oci_layout::check_layout_manifest(instance, manifest);
  const Digest digest = instance ? *instance : digest_of(manifest.data);
  put_text(digest, manifest.data);
  if (instance) return;
  top_ = oci_layout::Descriptor{manifest.label, digest,
                                static_cast<std::int64_t>(manifest.data.size())};
}

void OciForm::commit() {
  if (!top_) throw Error(Status::internal, "sif: there is no manifest to commit");
  oci_layout::LayoutIndex index;
  index.add(*top_, "");
  const std::string text = index.dump();
  output_.add(object_of(DataType::oci_root_index, digest_of(text)), text);
  output_.commit(Header{});
}

}  // namespace sealos::sif
