#include "cli/plan_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/duration.hpp"
#include "cli/report_json.hpp"
#include "core/manifest/media_type.hpp"

namespace sealos::cli {
namespace {

std::string kind_text(const std::string& media_type) {
  const auto kind = manifest_kind(media_type);
  return kind ? std::string(describe(*kind)) : media_type;
}

std::string size_text(std::int64_t size) { return size < 0 ? "?" : human_size(size); }

std::string manifest_text(const ManifestReport& manifest) {
  std::string text = fmt::format("  {}{}: ", kind_text(manifest.stored_media_type),
                                 manifest.platform.empty() ? "" : " for " + manifest.platform);
  if (!manifest.stored) {
    text += "digest known when all blobs have arrived\n";
  } else if (*manifest.stored == manifest.digest) {
    text += manifest.digest.str() + ", unchanged\n";
  } else {
    text += fmt::format("{}, in the source {}\n", manifest.stored->str(), manifest.digest.str());
  }
  if (manifest.signatures_kept + manifest.signatures_made > 0) {
    text += fmt::format("    signatures: {} kept, {} made\n", manifest.signatures_kept,
                        manifest.signatures_made);
  }
  for (const std::string& reason : manifest.reasons) text += fmt::format("    {}\n", reason);
  return text;
}

std::string blob_text(const BlobReport& blob) {
  std::string text = fmt::format("  {:<28} {:>9}  {:<10}  {}", blob.what,
                                 size_text(blob.source_size), decision_of(blob), blob.why);
  if (blob.digest_known && blob.stored != blob.digest)
    text += fmt::format(" ({})", blob.stored.brief());
  return text + "\n";
}

std::string referrer_text(const ReferrerReport& referrer) {
  const std::string what = !referrer.attached.empty()       ? referrer.attached
                           : referrer.artifact_type.empty() ? kind_text(referrer.media_type)
                                                            : printable(referrer.artifact_type);
  return fmt::format("  {}: {}, of {}\n", what, referrer.digest.str(), referrer.subject.brief());
}

/// "3 blobs, 12.0 MB" of those with that outcome.
struct Sum {
  size_t blobs = 0;
  std::int64_t bytes = 0;
  void add(const BlobReport& blob) {
    ++blobs;
    bytes += std::max<std::int64_t>(0, blob.source_size);
  }
  std::string text() const {
    return fmt::format("{} blob{}, {}", blobs, blobs == 1 ? "" : "s", human_size(bytes));
  }
};

}  // namespace

std::string plan_text(const CopyDetails& details) {
  std::string text = fmt::format("from {}\nto   {}\nmanifests\n", printable(details.source),
                                 printable(details.destination));
  for (const ManifestReport& manifest : details.manifests) text += manifest_text(manifest);
  if (!details.referrers.empty()) text += "what belongs to them\n";
  for (const ReferrerReport& referrer : details.referrers) text += referrer_text(referrer);
  if (!details.custom_resource.empty())
    text += fmt::format("custom resource\n  {}\n", details.custom_resource);
  text += "blobs\n";
  Sum read, rest;
  for (const BlobReport& blob : details.blobs) {
    text += blob_text(blob);
    (blob.outcome == BlobOutcome::copied ? read : rest).add(blob);
  }
  return text + fmt::format("to be read: {}; not read: {}\n", read.text(), rest.text());
}

}  // namespace sealos::cli
