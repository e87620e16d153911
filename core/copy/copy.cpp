#include "core/copy/copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "core/copy/blob_copier.hpp"
#include "core/copy/image_reader.hpp"
#include "core/copy/image_writer.hpp"
#include "core/copy/plan.hpp"
#include "core/copy/worker_pool.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos {
namespace {

/// Runs body; what it throws is blamed on `side` unless it is blamed already.
template <typename Body>
auto on_side(Side side, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const CopyError&) {
    throw;
  } catch (const Error& e) {
    throw CopyError(e, side);
  }
}

/// A blob that several images may share is copied once.
struct BlobTask {
  const BlobStep* step;
  const std::string* config;  ///< nullptr: a layer
};

class CopyJob {
 public:
  CopyJob(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
          const CopyRequest& request, Progress& progress)
      : find_(find),
        cancel_(cancel),
        request_(request),
        progress_(progress),
        services_(hooks, cancel, all_options(request)) {}

  CopyReport run() {
    open_references();
    if (request_.check_policy) on_side(Side::policy, [&] { request_.check_policy(*from_); });
    source_ = on_side(Side::source, [&] { return from_->open_source(services_); });
    selection_ = read_selection(*source_, *from_, request_, progress_);
    if (request_.remove_source_index) check_removable();
    destination_ = on_side(Side::destination, [&] { return to_->open_destination(services_); });
    std::optional<CopyReport> report;
    try {
      make_plans();
      copy_blobs();
      report = write_manifests();
    } catch (...) {
      destination_->abort();
      throw;
    }
    if (request_.remove_source_index) remove_source_index(*report);
    return *std::move(report);
  }

 private:
  static std::map<std::string, std::string> all_options(const CopyRequest& request) {
    std::map<std::string, std::string> options = request.options;
    options.insert(request.engine_options.begin(), request.engine_options.end());
    if (request.remove_source_index) options["remove-only-index"] = "true";
    return options;
  }

  void open_references() {
    const auto open = [&](const Location& place) {
      return on_side(Side::request, [&] {
        const Transport transport = find_(place.transport);
        transports_.push_back(transport);
        return std::make_unique<Reference>(transport.parse_reference(services_, place.details));
      });
    };
    from_ = open(request_.source);
    to_ = open(request_.destination);
    for (const auto& [key, value] : request_.options) {
      const bool known = std::any_of(transports_.begin(), transports_.end(),
                                     [&](const Transport& t) { return t.has_option(key); });
      if (known) continue;
      throw CopyError(Error(Status::unsupported,
                            fmt::format("option {} means nothing to {} and {}; leave it away", key,
                                        request_.source.transport, request_.destination.transport)),
                      Side::request);
    }
    const bool may_authenticate = std::any_of(
        transports_.begin(), transports_.end(),
        [](const Transport& t) { return (t.capabilities() & SEALOS_ASKS_CREDENTIALS) != 0; });
    if (request_.credentials_given && !may_authenticate) {
      throw CopyError(Error(Status::unsupported,
                            fmt::format("neither {} nor {} asks for credentials; leave them away",
                                        request_.source.transport, request_.destination.transport)),
                      Side::request);
    }
  }

  void check_removable() const {
    std::string why;
    const auto name = from_->docker_name();
    if ((transports_.front().capabilities() & SEALOS_CAN_REMOVE) == 0) {
      why = request_.source.transport + " removes nothing";
    } else if (!Manifest::parse(selection_.top).is_index()) {
      why = "it is an image and no list of images";
    } else if (name && DockerName::parse(*name).digest) {
      why = "it is named by a digest; write the name of the list";
    }
    if (why.empty()) return;
    throw CopyError(Error(Status::unsupported, fmt::format("{} cannot be removed after the copy: {}",
                                                           printable(request_.source.str()), why)),
                    Side::request);
  }

  void remove_source_index(const CopyReport& report) {
    try {
      source_.reset();
      from_->remove(services_);
    } catch (Error& e) {
      throw CopyError(e.add_context(fmt::format("{} is copied, but the list was not removed",
                                                report.digest.str())),
                      Side::source);
    }
  }

  DestinationTraits traits() const {
    DestinationTraits traits{request_.destination.transport,    destination_->manifest_types(),
                             destination_->compression(),       destination_->flags(),
                             destination_->stores_signatures(), std::nullopt};
    if (const auto name = to_->docker_name())
      traits.required_digest = DockerName::parse(*name).digest;
    return traits;
  }

  void make_plans() {
    const DestinationTraits to = traits();
    on_side(Side::request, [&] {
      for (const IndexInput& index : selection_.indexes) {
        DestinationTraits here = to;
        if (index.instance) here.required_digest.reset();
        index_kinds_.push_back(plan_index(index.manifest, here));
      }
      for (ImageInput& image : selection_.images) {
        const bool whole = selection_.indexes.empty();
        if (whole && image.instance) image.instance.reset();
        plans_.push_back(plan_image(std::move(image), to));
      }
    });
  }

  void copy_blobs() {
    std::map<std::string, BlobTask> unique;
    std::vector<std::string> layers, configs;
    for (const ImagePlan& plan : plans_) {
      for (const BlobStep& step : plan.layers) {
        if (unique.emplace(key_of(step), BlobTask{&step, nullptr}).second) {
          layers.push_back(key_of(step));
        }
      }
      if (unique.emplace(key_of(plan.config), BlobTask{&plan.config, &plan.config_bytes}).second) {
        configs.push_back(key_of(plan.config));
      }
    }
    if (workers() > 1) {
      // The longest first, so that no big one is left alone at the end.
      std::stable_sort(layers.begin(), layers.end(), [&](const auto& a, const auto& b) {
        return unique.at(a).step->from.size > unique.at(b).step->from.size;
      });
    }
    const std::int64_t bytes = std::accumulate(
        unique.begin(), unique.end(), std::int64_t{0}, [](std::int64_t sum, const auto& entry) {
          return sum + std::max<std::int64_t>(0, entry.second.step->from.size);
        });
    progress_.begin(unique.size(), bytes);
    ReuseFinder reuse(request_.cache, *from_, *to_);
    BlobCopier copier(*source_, *destination_, cancel_, request_.retry, reuse, progress_);
    run_blobs(copier, unique, layers);
    run_blobs(copier, unique, configs);
  }

  void run_blobs(BlobCopier& copier, const std::map<std::string, BlobTask>& tasks,
                 const std::vector<std::string>& keys) {
    std::mutex mutex;
    std::vector<std::function<void()>> calls;
    for (const std::string& key : keys) {
      const size_t number = started_++;
      calls.push_back([&, key, number] {
        const BlobTask& task = tasks.at(key);
        BlobReport report = copier.copy(number, *task.step, task.config);
        const std::lock_guard lock(mutex);
        results_.emplace(key, std::move(report));
      });
    }
    run_all(calls, workers(), cancel_);
  }

  CopyReport write_manifests() {
    std::map<std::string, Written> written;
    ImageWriter writer(*destination_, results_, progress_);
    std::optional<Written> top;
    for (const ImagePlan& plan : plans_) {
      cancel_.throw_if_cancelled();
      Written now = writer.put_image(plan, selection_.indexes.empty());
      if (selection_.indexes.empty()) top = now;
      if (plan.instance) written.insert_or_assign(plan.instance->str(), std::move(now));
    }
    for (size_t i = 0; i < selection_.indexes.size(); ++i) {
      cancel_.throw_if_cancelled();
      const IndexInput& index = selection_.indexes[i];
      Written now = writer.put_index(index, index_kinds_[i], written);
      if (!index.instance) top = now;
      if (index.instance) written.insert_or_assign(index.instance->str(), std::move(now));
    }
    const auto said =
        on_side(Side::destination, [&] { return destination_->commit(selection_.top); });
    CopyReport report{top->manifest.digest(),
                      top->manifest.item().label,
                      said.value_or(to_->canonical()),
                      top->changed,
                      {}};
    for (auto& [key, blob] : results_) report.blobs.push_back(std::move(blob));
    return report;
  }

  unsigned workers() const {
    return source_->parallel() && destination_->parallel() ? request_.workers : 1;
  }

  const FindTransport& find_;
  CancelToken& cancel_;
  const CopyRequest& request_;
  Progress& progress_;
  Services services_;
  std::vector<Transport> transports_;
  std::unique_ptr<Reference> from_, to_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Destination> destination_;
  Selection selection_;
  std::vector<ImagePlan> plans_;
  std::vector<std::vector<ManifestKind>> index_kinds_;
  size_t started_ = 0;
  BlobResults results_;
};

/// The place in front of a message that does not speak of it.
void name_place(CopyError& e, const CopyRequest& request) {
  if (e.side() != Side::source && e.side() != Side::destination) return;
  const Location& place = e.side() == Side::source ? request.source : request.destination;
  std::string_view name = place.details;
  if (name.starts_with("//")) name.remove_prefix(2);
  name = name.substr(0, name.find_last_of(":@"));
  if (e.message().find(name) == std::string::npos) e.add_context(printable(place.str()));
}

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
