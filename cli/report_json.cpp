#include "cli/report_json.hpp"

namespace sealos::cli {
namespace {

constexpr int kSchema = 1;

Json size_json(std::int64_t size) { return size < 0 ? Json() : Json(size); }

Json compression_json(const std::optional<std::string>& compression) {
  if (!compression) return {};
  return compression->empty() ? Json("none") : Json(*compression);
}

Json stored_json(const BlobReport& blob) {
  Json json = Json::object();
  json.set("digest", blob.digest_known ? Json(blob.stored.str()) : Json());
  json.set("size", size_json(blob.size));
  if (!blob.config) json.set("compression", compression_json(blob.compression));
  return json;
}

Json manifest_json(const ManifestReport& manifest) {
  Json json = Json::object();
  json.set("digest", manifest.digest.str());
  json.set("mediaType", manifest.media_type);
  if (!manifest.platform.empty()) json.set("platform", manifest.platform);
  json.set("top", manifest.top);
  Json stored = Json::object();
  stored.set("digest", manifest.stored ? Json(manifest.stored->str()) : Json());
  stored.set("mediaType", manifest.stored_media_type);
  json.set("stored", std::move(stored));
  json.set("changed", !manifest.stored || *manifest.stored != manifest.digest);
  json.set("signatures",
           Json::object({{"kept", static_cast<std::int64_t>(manifest.signatures_kept)},
                         {"made", static_cast<std::int64_t>(manifest.signatures_made)}}));
  Json reasons = Json::array();
  for (const std::string& reason : manifest.reasons) reasons.push_back(reason);
  json.set("reasons", std::move(reasons));
  return json;
}

Json referrer_json(const ReferrerReport& referrer) {
  Json json = Json::object({{"digest", referrer.digest.str()},
                            {"mediaType", referrer.media_type},
                            {"subject", referrer.subject.str()}});
  if (!referrer.artifact_type.empty()) json.set("artifactType", referrer.artifact_type);
  if (!referrer.attached.empty()) json.set("attached", referrer.attached);
  return json;
}

Json details_json(const CopyDetails& details, bool done) {
  Json json = Json::object();
  json.set("schema", kSchema);
  json.set("dryRun", !done);
  json.set("source", details.source);
  json.set("destination", details.destination);
  Json manifests = Json::array(), blobs = Json::array();
  for (const ManifestReport& manifest : details.manifests)
    manifests.push_back(manifest_json(manifest));
  for (const BlobReport& blob : details.blobs) blobs.push_back(blob_json(blob, done));
  json.set("manifests", std::move(manifests));
  json.set("blobs", std::move(blobs));
  Json referrers = Json::array();
  for (const ReferrerReport& referrer : details.referrers)
    referrers.push_back(referrer_json(referrer));
  json.set("referrers", std::move(referrers));
  if (!details.custom_resource.empty()) json.set("customResource", details.custom_resource);
  return json;
}

}  // namespace

const char* decision_of(const BlobReport& blob) {
  switch (blob.outcome) {
    case BlobOutcome::copied:
      return blob.recoded ? "recompress" : "upload";
    case BlobOutcome::reused:
      return "reuse";
    case BlobOutcome::mounted:
      return "mount";
    case BlobOutcome::left_at_url:
      return "leave";
  }
  return "";
}

Json start_json(const BlobReport& blob) {
  Json json = Json::object();
  json.set("kind", blob.config ? "config" : "layer");
  json.set("digest", blob.digest.str());
  json.set("size", size_json(blob.source_size));
  if (!blob.config) json.set("compression", compression_json(blob.source_compression));
  return json;
}

Json blob_json(const BlobReport& blob, bool done) {
  Json json = start_json(blob);
  json.set("decision", decision_of(blob));
  json.set("why", blob.why);
  if (!blob.mounted_from.empty()) json.set("mountedFrom", blob.mounted_from);
  json.set("stored", stored_json(blob));
  if (!done) return json;
  json.set("bytesRead", blob.read);
  json.set("milliseconds", static_cast<std::int64_t>(blob.time.count()));
  json.set("retries", static_cast<std::int64_t>(blob.retries));
  return json;
}

Json plan_json(const CopyDetails& details) { return details_json(details, false); }

Json report_json(const CopyReport& report) {
  Json json = details_json(report.details, true);
  json.set("reference", report.reference);
  json.set("digest", report.digest.str());
  json.set("mediaType", report.media_type);
  if (const auto& made = report.custom_resource) {
    json.set("customResource", Json::object({{"name", made->name},
                                             {"digest", made->digest.str()},
                                             {"outcome", made->sent ? "sent" : "there already"}}));
  }
  return json;
}

}  // namespace sealos::cli
