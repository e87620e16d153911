#include "support/oci_layout/belonging_entries.hpp"

#include "support/digest/hasher.hpp"
#include "support/oci_layout/manifest_check.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos::oci_layout {

Digest BelongingEntries::add_referrer(const Item& manifest) {
  const Digest digest = digest_of(manifest.data);
  check_layout_manifest(digest, manifest);
  if (!subject_of(manifest))
    throw Error(Status::invalid, "a manifest without a subject refers to nothing");
  referrers_.push_back(referrer_descriptor(digest, manifest));
  return digest;
}

Digest BelongingEntries::add_attached(const Digest& subject, const std::string& kind,
                                      const Item& manifest) {
  const Digest digest = digest_of(manifest.data);
  check_layout_manifest(digest, manifest);
  attached_.emplace_back(
      attached_name(subject, kind),
      Descriptor{manifest.label, digest, static_cast<std::int64_t>(manifest.data.size())});
  return digest;
}

void BelongingEntries::put_into(LayoutIndex& index) const {
  for (const Json& descriptor : referrers_) index.add_referrer(descriptor);
  for (const auto& [name, manifest] : attached_) index.set_attached(manifest, name);
}

}  // namespace sealos::oci_layout
