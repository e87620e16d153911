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
        from_hooks_(hooks_for(hooks, request.source_credentials)),
        to_hooks_(hooks_for(hooks, request.destination_credentials)),
        from_services_(from_hooks_, cancel, all_options(request, request.source_options)),
        to_services_(to_hooks_, cancel, all_options(request, request.destination_options)) {}

  CopyReport run() {
    to_ = open_reference(request_.destination, to_services_, to_transport_);
    find_source();
    if (request_.remove_source_index) check_removable();
    destination_ = on_side(Side::destination, [&] { return to_->open_destination(to_services_); });
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
  static std::map<std::string, std::string> all_options(
      const CopyRequest& request, const std::map<std::string, std::string>& of_side) {
    std::map<std::string, std::string> options = of_side;
    options.insert(request.options.begin(), request.options.end());
    options.insert(request.engine_options.begin(), request.engine_options.end());
    if (request.remove_source_index) options["remove-only-index"] = "true";
    return options;
  }

  static Hooks hooks_for(const Hooks& hooks, const FindCredentials& credentials) {
    Hooks out = hooks;
    if (credentials) out.credentials = credentials;
    return out;
  }

  std::unique_ptr<Reference> open_reference(const Location& place, const Services& services,
                                            std::optional<Transport>& transport) {
    return on_side(Side::request, [&] {
      transport = find_(place.transport);
      return std::make_unique<Reference>(transport->parse_reference(services, place.details));
    });
  }

  /// Opens the source and reads its manifests, wherever it is.
  void find_source() {
    source_place_ = request_.source;
    std::optional<CopyError> failure;
    try {
      return open_source();
    } catch (const CopyError& e) {
      const bool missing = e.side() == Side::source && e.status() == Status::not_found;
      if (!missing || !request_.source_elsewhere) throw;
      failure = e;
    }
    std::string tried = failure->message();
    const auto note = [&](const CopyError& e) {
      tried += "; " + e.message();
      if (failure->status() == Status::not_found) failure = e;
    };
    try {
      for (const Location& place : on_side(Side::source, request_.source_elsewhere)) {
        cancel_.throw_if_cancelled();
        source_place_ = place;
        try {
          return open_source();
        } catch (const CopyError& e) {
          note(e);
        }
      }
    } catch (const CopyError& e) {
      note(e);
    }
    throw CopyError(Error(failure->status(), tried), failure->side());
  }

  void open_source() {
    from_ = open_reference(source_place_, from_services_, from_transport_);
    check_options();
    if (request_.check_policy) on_side(Side::policy, [&] { request_.check_policy(*from_); });
    source_ = on_side(Side::source, [&] { return from_->open_source(from_services_); });
    selection_ = read_selection(*source_, *from_, request_, progress_);
  }

  /// What was asked for has to mean something to the side, or to one of both.
  void check_options() const {
    const auto refuse = [](const std::string& text) {
      throw CopyError(Error(Status::unsupported, text), Side::request);
    };
    const Transport &from = *from_transport_, &to = *to_transport_;
    for (const auto& [key, value] : request_.options) {
      if (!from.has_option(key) && !to.has_option(key))
        refuse(fmt::format("option {} means nothing to {} and {}; leave it away", key, from.name(),
                           to.name()));
    }
    const auto check_side = [&](const Transport& transport, const char* side,
                                const std::map<std::string, std::string>& options, bool login) {
      for (const auto& [key, value] : options) {
        if (!transport.has_option(key))
          refuse(fmt::format("option {} means nothing to the {}, {}; leave it away", key, side,
                             transport.name()));
      }
      if (login && (transport.capabilities() & SEALOS_ASKS_CREDENTIALS) == 0)
        refuse(fmt::format("the {}, {}, asks for no credentials; leave them away", side,
                           transport.name()));
    };
    check_side(from, "source", request_.source_options, request_.source_credentials != nullptr);
    check_side(to, "destination", request_.destination_options,
               request_.destination_credentials != nullptr);
    const bool may_authenticate =
        ((from.capabilities() | to.capabilities()) & SEALOS_ASKS_CREDENTIALS) != 0;
    if (request_.credentials_given && !may_authenticate)
      refuse(fmt::format("neither {} nor {} asks for credentials; leave them away", from.name(),
                         to.name()));
  }

  void check_removable() const {
    std::string why;
    const auto name = from_->docker_name();
    if (source_place_.transport != request_.source.transport) {
      why = "it is in another place";
    } else if ((from_transport_->capabilities() & SEALOS_CAN_REMOVE) == 0) {
      why = source_place_.transport + " removes nothing";
    } else if (!Manifest::parse(selection_.top).is_index()) {
      why = "it is an image and no list of images";
    } else if (name && DockerName::parse(*name).digest) {
      why = "it is named by a digest; write the name of the list";
    }
    if (why.empty()) return;
    throw CopyError(
        Error(Status::unsupported, fmt::format("{} cannot be removed after the copy: {}",
                                               printable(source_place_.str()), why)),
        Side::request);
  }

  void remove_source_index(const CopyReport& report) {
    try {
      source_.reset();
      from_->remove(from_services_);
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
    CopyReport report{source_place_,
                      top->manifest.digest(),
                      top->manifest.item().label,
                      said.value_or(to_->canonical()),
                      top->changed,
                      top->changed ? why_changed() : "",
                      {}};
    for (auto& [key, blob] : results_) report.blobs.push_back(std::move(blob));
    if (!report.why_changed.empty()) {
      progress_.note(fmt::format("the digest is not the source's, {}: {}",
                                 Manifest::parse(selection_.top).digest().str(),
                                 report.why_changed));
    }
    return report;
  }

  /// A store keeps the layers of a registry uncompressed.
  std::string why_changed() const {
    size_t all = 0, changed = 0;
    for (const ImagePlan& plan : plans_) {
      for (const BlobStep& step : plan.layers) {
        ++all;
        const bool kept_otherwise = *step.from.digest != step.original.digest;
        if (kept_otherwise && results_.at(key_of(step)).stored != step.original.digest) ++changed;
      }
    }
    if (changed == 0) return "";
    return fmt::format(
        "{} of {} layers were stored anew, since {} no longer has them as its manifest names them",
        changed, all, source_place_.transport);
  }

  unsigned workers() const {
    return source_->parallel() && destination_->parallel() ? request_.workers : 1;
  }

  const FindTransport& find_;
  CancelToken& cancel_;
  const CopyRequest& request_;
  Progress& progress_;
  const Hooks from_hooks_, to_hooks_;
  Services from_services_, to_services_;
  Location source_place_;
  std::optional<Transport> from_transport_, to_transport_;
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
