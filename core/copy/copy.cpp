#include "core/copy/copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "core/copy/blob_copier.hpp"
#include "core/copy/cr_publisher.hpp"
#include "core/copy/image_writer.hpp"
#include "core/copy/reasons.hpp"
#include "core/copy/session.hpp"
#include "core/copy/worker_pool.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {
namespace {

class CopyJob {
 public:
  CopyJob(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
          const CopyRequest& request, Progress& progress)
      : cancel_(cancel),
        request_(request),
        progress_(progress),
        session_(find, hooks, cancel, request, progress) {}

  CopyReport run() {
    std::optional<CopyReport> report;
    try {
      session_.prepare(sdk::Intent::write);
      custom_resource_.emplace(session_, request_, cancel_, progress_);
      if (request_.custom_resource.option == custom_resources::CrOption::only) {
        report = write_custom_resource();
      } else {
        copy_blobs();
        custom_resource_->check();
        report = write_manifests();
      }
    } catch (...) {
      if (session_.destination() != nullptr) session_.destination()->abort();
      throw;
    }
    if (report->manifest_changed) note_lost_layers();
    if (request_.remove_source_index) session_.remove_source_index();
    return *std::move(report);
  }

 private:
  void copy_blobs() {
    tasks_ = session_.tasks();
    const auto configs = std::find_if(tasks_.begin(), tasks_.end(),
                                      [](const BlobTask& task) { return task.config != nullptr; });
    std::vector<BlobTask> layers(tasks_.begin(), configs);
    if (session_.workers() > 1 && !session_.destination()->ordered()) {
      // The longest first, so that no big one is left alone at the end.
      std::stable_sort(layers.begin(), layers.end(), [](const BlobTask& a, const BlobTask& b) {
        return a.step->from.size > b.step->from.size;
      });
    }
    const std::int64_t bytes = std::accumulate(
        tasks_.begin(), tasks_.end(), std::int64_t{0}, [](std::int64_t sum, const BlobTask& task) {
          return sum + std::max<std::int64_t>(0, task.step->from.size);
        });
    progress_.begin(tasks_.size(), bytes);
    ReuseFinder reuse(request_.cache, session_.from(), session_.to(), !request_.signers.empty());
    BlobCopier copier(session_.source(), *session_.destination(), cancel_, request_.retry, reuse,
                      progress_, request_.recipients.get(), custom_resource_->watch());
    run_blobs(copier, layers);
    run_blobs(copier, {configs, tasks_.end()});
  }

  void run_blobs(BlobCopier& copier, const std::vector<BlobTask>& tasks) {
    const unsigned workers = session_.workers();
    Turns turns;
    Turns* const wanted = workers > 1 && session_.destination()->ordered() ? &turns : nullptr;
    std::mutex mutex;
    std::vector<std::function<void()>> calls;
    for (const BlobTask& task : tasks) {
      const size_t number = started_++;
      calls.push_back([&, number, position = calls.size()] {
        Turn turn(wanted, position);
        BlobReport report = copier.copy(number, *task.step, task.config, turn);
        const std::lock_guard lock(mutex);
        results_.emplace(task.key, std::move(report));
      });
    }
    run_all(calls, workers, cancel_);
  }

  CopyReport write_manifests() {
    WrittenManifests written;
    ImageWriter writer(*session_.destination(), results_, session_.signer(), progress_);
    std::optional<Written> top;
    // First what belongs to an image, so that who sees the image finds it signed, and signatures
    // that are made on the way are added to those that came along.
    on_side(Side::destination,
            [&] { put_referrers(*session_.destination(), session_.referrers()); });
    for (const ImagePlan& plan : session_.images()) {
      cancel_.throw_if_cancelled();
      top = writer.put_image(plan, session_.indexes().empty());
      written.insert_or_assign(plan.key(), *top);
    }
    for (const IndexPlan& plan : session_.indexes()) {
      cancel_.throw_if_cancelled();
      top = writer.put_index(plan, written);
      written.insert_or_assign(plan.name().str(), *top);
    }
    auto custom_resource = custom_resource_->publish(written, top->manifest);
    CopyReport report = commit(session_.top());
    report.digest = top->manifest.digest();
    report.media_type = top->manifest.item().label;
    report.manifest_changed = top->changed;
    report.custom_resource = std::move(custom_resource);
    report.details.manifests = report_manifests(session_.images(), session_.indexes(), results_,
                                                written, session_.signer().count());
    for (const BlobTask& task : tasks_) report.details.blobs.push_back(results_.at(task.key));
    report.details.referrers = session_.referrer_reports();
    return report;
  }

  CopyReport commit(const Item& top) {
    const auto said =
        on_side(Side::destination, [&] { return session_.destination()->commit(top); });
    return report_of(said.value_or(session_.to().canonical()));
  }

  CopyReport report_of(const std::string& reference) {
    const Item& top = session_.top();
    return {session_.source_place(),
            digest_of(top.data),
            top.label,
            reference,
            false,
            {session_.from().canonical(), session_.to().canonical(), {}, {}}};
  }

  /// Beside an image that is there.
  CopyReport write_custom_resource() {
    CrReport custom_resource = custom_resource_->publish_alone();
    // Where nothing was written there is nothing to commit.
    if (!custom_resource.sent) session_.destination()->abort();
    CopyReport report = custom_resource.sent ? commit(session_.image_there()->top.item())
                                             : report_of(session_.to().canonical());
    report.digest = custom_resource.digest;
    report.media_type = media_type::kOciManifest;
    report.custom_resource = std::move(custom_resource);
    return report;
  }

  /// A store keeps the layers of a registry in another form than the manifest names.
  void note_lost_layers() const {
    size_t all = 0, lost = 0;
    for (const ImagePlan& plan : session_.images()) {
      for (const BlobStep& step : plan.layers) {
        const bool kept_otherwise = *step.from.digest != step.original.digest;
        const auto result = results_.find(key_of(step));
        const bool same = result == results_.end() || result->second.stored == step.original.digest;
        ++all;
        if (kept_otherwise && !same) ++lost;
      }
    }
    if (lost == 0) return;
    progress_.note(
        fmt::format("the digest is not the source's, {}: {} of {} layers were stored anew, since "
                    "{} no longer has them as its manifest names them",
                    Manifest::parse(session_.top()).digest().str(), lost, all,
                    session_.source_place().transport));
  }

  CancelToken& cancel_;
  const CopyRequest& request_;
  Progress& progress_;
  CopySession session_;
  std::optional<CrPublisher> custom_resource_;
  std::vector<BlobTask> tasks_;
  size_t started_ = 0;
  BlobResults results_;
};

}  // namespace

CopyReport copy_image(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                      const CopyRequest& request, Progress& progress) {
  try {
    return on_side(Side::neither,
                   [&] { return CopyJob(find, hooks, cancel, request, progress).run(); });
  } catch (CopyError& e) {
    name_place(e, request);
    throw;
  }
}

}  // namespace sealos
