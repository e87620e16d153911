// What a copy would do: the same plans, and a destination that only looks.
#include <algorithm>
#include <set>

#include "core/copy/blob_copier.hpp"
#include "core/copy/copy.hpp"
#include "core/copy/cr_publisher.hpp"
#include "core/copy/image_writer.hpp"
#include "core/copy/reasons.hpp"
#include "core/copy/session.hpp"
#include "core/copy/worker_pool.hpp"

namespace sealos {
namespace {

BlobResults look_for_blobs(CopySession& session, const std::vector<BlobTask>& tasks,
                           CancelToken& cancel, const CopyRequest& request, Progress& progress) {
  ReuseFinder reuse(request.cache, session.from(), session.to(), !request.signers.empty());
  BlobCopier copier(session.source(), *session.destination(), cancel, request.retry, reuse,
                    progress);
  std::vector<std::optional<BlobReport>> reports(tasks.size());
  std::vector<std::function<void()>> calls;
  for (size_t i = 0; i < tasks.size(); ++i)
    calls.push_back([&, i] { reports[i] = copier.preview(*tasks[i].step); });
  run_all(calls, session.workers(), cancel);
  BlobResults results;
  for (size_t i = 0; i < tasks.size(); ++i) results.emplace(tasks[i].key, *std::move(reports[i]));
  return results;
}

/// Whether the descriptor that a manifest will have of the blob is known.
bool is_known(const BlobStep& step, const BlobResults& results, ManifestKind kind) {
  const BlobReport& report = results.at(key_of(step));
  const bool looked_into = report.plain && report.size >= 0;
  if (step.find_plain && !is_schema1(kind) && !looked_into) return false;
  return report.digest_known && (report.size >= 0 || report.stored == step.original.digest);
}

/// The manifests that can be told before the blobs have arrived.
WrittenManifests known_manifests(const CopySession& session, const ImageWriter& writer,
                                 const BlobResults& results) {
  WrittenManifests known;
  std::set<std::string> unknown;
  for (const ImagePlan& plan : session.images()) {
    const std::string digest = plan.key();
    const bool all = std::all_of(plan.layers.begin(), plan.layers.end(), [&](const auto& step) {
      return is_known(step, results, plan.kinds.front());
    });
    if (all) known.insert_or_assign(digest, writer.image_as(plan, plan.kinds.front()));
    if (!all) unknown.insert(digest);
  }
  for (const IndexPlan& plan : session.indexes()) {
    const auto& entries = plan.input.manifest.instances();
    const std::string digest = plan.name().str();
    const bool all = std::none_of(entries.begin(), entries.end(), [&](const Descriptor& entry) {
      // Its variants have keys that begin with its own.
      const auto at = unknown.lower_bound(entry.digest.str());
      return at != unknown.end() && at->starts_with(entry.digest.str());
    });
    if (all) known.insert_or_assign(digest, writer.index_as(plan, known, plan.kinds.front()));
    if (!all) unknown.insert(digest);
  }
  return known;
}

/// What will be known only when the layers have been looked into.
std::string describe_custom_resource(const CopySession& session, const CopyRequest& request) {
  using custom_resources::CrOption;
  const CrOption option = request.custom_resource.option;
  const ImagePlan* image = described_image(session.images());
  if (option == CrOption::only) return "it alone is sent, unless it is there";
  if (option == CrOption::yes) return "it is sent after the image, unless it is there";
  if (option == CrOption::automatic && image != nullptr &&
      says_cloud_image(image->manifest, image->config_bytes))
    return "the layers are looked into, as the image says that it is a cloud image";
  return "";
}

CopyDetails preview(CopySession& session, CancelToken& cancel, const CopyRequest& request,
                    Progress& progress) {
  session.prepare(sdk::Intent::preview);
  const std::string custom_resource = describe_custom_resource(session, request);
  if (session.image_there() != nullptr)
    return {session.from().canonical(), session.to().canonical(), {}, {}, custom_resource};
  const std::vector<BlobTask> tasks = session.tasks();
  const BlobResults results = look_for_blobs(session, tasks, cancel, request, progress);
  const ImageWriter writer(*session.destination(), results, session.signer(), progress);
  CopyDetails details{
      session.from().canonical(), session.to().canonical(), {}, {}, custom_resource};
  details.manifests =
      report_manifests(session.images(), session.indexes(), results,
                       known_manifests(session, writer, results), session.signer().count());
  for (const BlobTask& task : tasks) details.blobs.push_back(results.at(task.key));
  details.referrers = session.referrer_reports();
  return details;
}

}  // namespace

CopyDetails preview_copy(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                         const CopyRequest& request, Progress& progress) {
  try {
    return on_side(Side::neither, [&] {
      CopySession session(find, hooks, cancel, request, progress);
      return preview(session, cancel, request, progress);
    });
  } catch (CopyError& e) {
    name_place(e, request);
    throw;
  }
}

}  // namespace sealos
