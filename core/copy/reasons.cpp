#include "core/copy/reasons.hpp"

#include <fmt/format.h>

#include <set>

namespace sealos {
namespace {

std::string conversion(ManifestKind from, ManifestKind to) {
  return fmt::format("{} became {}", describe(from), describe(to));
}

/// "": the layer is as the source's manifest has it.
std::string why_changed(const BlobStep& step, const BlobReport& report) {
  if (step.rekeyed)
    return fmt::format("layer {} has other recipients", step.original.digest.brief());
  const bool known = report.digest_known;
  const bool same = known && report.stored == step.original.digest;
  if (step.by_url || (same && !is_relabelled(step, report))) return "";
  if (same) return fmt::format("layer {}: {}", step.original.digest.brief(), report.why);
  std::string why = report.why;
  if (report.outcome == BlobOutcome::copied && !report.recoded)
    why = "the source holds it in another form";
  const std::string now = known ? " became " + report.stored.brief() : "";
  return fmt::format("layer {}{}: {}", step.original.digest.brief(), now, why);
}

std::vector<std::string> reasons_of(const ImagePlan& plan, const BlobResults& results,
                                    ManifestKind kind) {
  std::vector<std::string> reasons;
  if (kind != plan.manifest.kind()) reasons.push_back(conversion(plan.manifest.kind(), kind));
  for (const BlobStep& step : plan.layers) {
    const auto at = results.find(key_of(step));
    if (at == results.end()) continue;
    if (std::string why = why_changed(step, at->second); !why.empty())
      reasons.push_back(std::move(why));
  }
  return reasons;
}

std::vector<std::string> reasons_of(const IndexPlan& plan, const WrittenManifests& written,
                                    const std::set<std::string>& planned, ManifestKind kind) {
  std::vector<std::string> reasons;
  const Manifest& index = plan.input.manifest;
  if (kind != index.kind()) reasons.push_back(conversion(index.kind(), kind));
  if (plan.input.left_out > 0 && !plan.sparse) {
    reasons.push_back(fmt::format("{} of {} entries are left out, for other platforms",
                                  plan.input.left_out, index.instances().size()));
  }
  for (const Descriptor& entry : index.instances()) {
    if (!planned.contains(entry.digest.str())) continue;
    const auto at = written.find(entry.digest.str());
    if (at != written.end() && !at->second.changed) continue;
    const std::string name = entry.platform ? entry.platform->str() : "an entry";
    reasons.push_back(fmt::format("{} ({}) changed", printable(name), entry.digest.brief()));
  }
  return reasons;
}

ManifestReport report_of(const Manifest& original, const Digest& name, const Written* now,
                         ManifestKind planned_kind) {
  ManifestReport report{name, original.item().label, std::nullopt, "", "", false, {}};
  report.stored_media_type =
      now == nullptr ? std::string(media_type_of(planned_kind)) : now->manifest.item().label;
  if (now != nullptr) report.stored = now->manifest.digest();
  return report;
}

}  // namespace

std::vector<ManifestReport> report_manifests(const std::vector<ImagePlan>& images,
                                             const std::vector<IndexPlan>& indexes,
                                             const BlobResults& results,
                                             const WrittenManifests& written, size_t made) {
  std::vector<ManifestReport> reports;
  std::set<std::string> planned;
  const auto add = [&](const Manifest& original, const Digest& name, const std::string& key,
                       ManifestKind first, size_t kept, auto&& reasons) {
    planned.insert(name.str());
    const auto at = written.find(key);
    const Written* now = at == written.end() ? nullptr : &at->second;
    ManifestReport report = report_of(original, name, now, first);
    if (now == nullptr || now->changed) {
      report.reasons = reasons(now == nullptr ? first : now->manifest.kind());
      if (report.reasons.empty()) report.reasons.emplace_back("it was written anew");
    }
    report.signatures_kept = kept;
    report.signatures_made = made;
    reports.push_back(std::move(report));
  };
  for (const ImagePlan& plan : images) {
    add(plan.manifest, plan.name(), plan.key(), plan.kinds.front(), plan.signatures.size(),
        [&](ManifestKind kind) { return reasons_of(plan, results, kind); });
    if (const auto platform = platform_of(plan.manifest, plan.config_bytes))
      reports.back().platform = platform->str();
  }
  for (const IndexPlan& plan : indexes) {
    add(plan.input.manifest, plan.name(), plan.name().str(), plan.kinds.front(),
        plan.input.signatures.size(),
        [&](ManifestKind kind) { return reasons_of(plan, written, planned, kind); });
  }
  if (!reports.empty()) reports.back().top = true;
  return reports;
}

}  // namespace sealos
