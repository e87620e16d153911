#include "core/copy/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>

#include "core/copy/image_writer.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos {
namespace {

std::map<std::string, std::string> all_options(const CopyRequest& request) {
  std::map<std::string, std::string> options = request.options;
  options.insert(request.engine_options.begin(), request.engine_options.end());
  return options;
}

}  // namespace

CopySession::CopySession(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                         const CopyRequest& request, Progress& progress)
    : find_(find),
      cancel_(cancel),
      request_(request),
      progress_(progress),
      services_(hooks, cancel, all_options(request)) {}

void CopySession::prepare(sdk::Intent intent) {
  on_side(Side::request, [&] { check_wish(request_.compression); });
  open_references();
  check_options();
  if (request_.check_policy) on_side(Side::policy, [&] { request_.check_policy(*from_); });
  destination_ = on_side(Side::destination, [&] {
    return intent == sdk::Intent::write ? to_->open_destination(services_)
                                        : to_->open_preview(services_);
  });
  if (needs_index(request_)) on_side(Side::request, [&] { require_index_holder(traits()); });
  source_ = on_side(Side::source, [&] { return from_->open_source(services_); });
  selection_ = read_selection(*source_, *from_, request_, cancel_, progress_);
  note_platform();
  make_plans();
  refuse_unused_options();
}

void CopySession::open_references() {
  const auto open = [&](const Location& place) {
    return on_side(Side::request, [&] {
      const Transport transport = find_(place.transport);
      transports_.push_back(transport);
      return std::make_unique<Reference>(transport.parse_reference(services_, place.details));
    });
  };
  from_ = open(request_.source);
  to_ = open(request_.destination);
}

void CopySession::check_options() const {
  const auto refuse = [&](const std::string& why) {
    throw CopyError(Error(Status::unsupported, why), Side::request);
  };
  const std::string& source = request_.source.transport;
  const std::string& destination = request_.destination.transport;
  for (const auto& [key, value] : request_.options) {
    const bool known =
        std::any_of(transports_.begin(), transports_.end(),
                    [&, &key = key](const Transport& t) { return t.has_option(key); });
    if (!known) {
      refuse(fmt::format("option {} means nothing to {} and {}; leave it away", key, source,
                         destination));
    }
  }
  const bool may_authenticate = std::any_of(
      transports_.begin(), transports_.end(),
      [](const Transport& t) { return (t.capabilities() & SEALOS_ASKS_CREDENTIALS) != 0; });
  if (request_.credentials_given && !may_authenticate) {
    refuse(fmt::format("neither {} nor {} asks for credentials; leave them away", source,
                       destination));
  }
}

/// Options are read when a side is opened; what nobody has read by now has no effect: it is one of
/// a destination whose transport is the source's, say.
void CopySession::refuse_unused_options() const {
  for (const auto& [key, value] : request_.options) {
    if (services_.was_asked_for(key)) continue;
    throw CopyError(
        Error(Status::unsupported,
              fmt::format("option {} has no effect on a copy from {} to {}; leave it "
                          "away",
                          key, request_.source.transport, request_.destination.transport)),
        Side::request);
  }
}

DestinationTraits CopySession::traits() const {
  DestinationTraits traits{request_.destination.transport,    destination_->manifest_types(),
                           destination_->compression(),       destination_->flags(),
                           destination_->stores_signatures(), std::nullopt};
  if (const auto text = to_->docker_name()) {
    const DockerName name = DockerName::parse(*text);
    traits.required_digest = name.digest;
    if ((traits.flags & SEALOS_KEEPS_DOCKER_NAME) == 0) {
      traits.schema1_name = name.path;
      traits.schema1_tag = name.tag;
    }
  }
  return request_.format ? restricted_to(*request_.format, std::move(traits)) : traits;
}

void CopySession::make_plans() {
  on_side(Side::request, [&] {
    const DestinationTraits to = traits();
    const ImageWishes wishes{request_.compression, request_.preserve_digests};
    indexes_ = plan_indexes(selection_, to, request_.sparse, request_.preserve_digests);
    for (ImageInput& image : selection_.images) {
      if (indexes_.empty()) image.instance.reset();
      images_.push_back(plan_image(image, to, wishes));
    }
    check_level_used(request_.compression, images_);
    auto variants =
        plan_variants(selection_.images, images_, indexes_, request_.add_compression, to);
    selection_.images.clear();
    std::move(variants.begin(), variants.end(), std::back_inserter(images_));
    fit_kinds(indexes_, images_);
  });
}

/// A store of images to be run gets one for another machine only if somebody says so.
void CopySession::note_platform() const {
  const bool runs = (destination_->flags() & SEALOS_THIS_PLATFORM_ONLY) != 0;
  if (!runs || !request_.platforms.empty() || selection_.images.size() != 1) return;
  const ImageInput& image = selection_.images.front();
  const auto platform = platform_of(image.manifest, image.config);
  if (!platform || platform_rank(Platform::host(), *platform) >= 0) return;
  progress_.note(fmt::format("the image is for {}, this machine is {}", printable(platform->str()),
                             Platform::host().str()));
}

std::vector<BlobTask> CopySession::tasks() const {
  std::vector<BlobTask> layers, configs;
  std::set<std::string> seen;
  for (const ImagePlan& plan : images_) {
    for (const BlobStep& step : plan.layers) {
      const std::string key = key_of(step);
      if (seen.insert(key).second) layers.push_back({key, &step, nullptr});
    }
    if (!plan.config) continue;
    const std::string key = key_of(*plan.config);
    if (seen.insert(key).second) configs.push_back({key, &*plan.config, &plan.config_bytes});
  }
  layers.insert(layers.end(), configs.begin(), configs.end());
  return layers;
}

unsigned CopySession::workers() const {
  if (!source_->parallel() || !destination_->parallel()) return 1;
  // One layer is compressed on every processor, so that more at a time than there are processors
  // would cost memory alone.
  const unsigned enough = std::max(2U, std::thread::hardware_concurrency());
  std::set<std::string> compressed;
  for (const ImagePlan& plan : images_) {
    for (const BlobStep& step : plan.layers) {
      if (step.recode == Recode::compress) compressed.insert(key_of(step));
    }
  }
  return compressed.size() > enough ? std::min(request_.workers, enough) : request_.workers;
}

void name_place(CopyError& e, const CopyRequest& request) {
  if (e.side() != Side::source && e.side() != Side::destination) return;
  const Location& place = e.side() == Side::source ? request.source : request.destination;
  std::string_view name = place.details;
  if (name.starts_with("//")) name.remove_prefix(2);
  name = name.substr(0, name.find_last_of(":@"));
  if (e.message().find(name) == std::string::npos) e.add_context(printable(place.str()));
}

}  // namespace sealos
