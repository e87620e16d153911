#include "core/copy/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>

#include "core/copy/image_writer.hpp"
#include "core/copy/source_session.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos {
namespace {

bool only_custom_resource(const CopyRequest& request) {
  return request.custom_resource.option == custom_resources::CrOption::only;
}

std::map<std::string, std::string> all_options(const CopyRequest& request,
                                               const std::map<std::string, std::string>& of_side) {
  std::map<std::string, std::string> options = options_of_side(request, of_side);
  if (only_custom_resource(request)) options["referrers-only"] = "true";
  return options;
}

Hooks hooks_for(const Hooks& hooks, const FindCredentials& credentials) {
  Hooks out = hooks;
  if (credentials) out.credentials = credentials;
  return out;
}

/// What is read of a destination is read there, and not at a mirror of it.
Hooks at_one_place(Hooks hooks) {
  if (hooks.place_to_write)
    hooks.places_to_read = [write = hooks.place_to_write](const std::string& name) {
      return std::vector<sdk::RegistryPlace>{write(name)};
    };
  return hooks;
}

[[noreturn]] void refuse(const std::string& why) {
  throw CopyError(Error(Status::unsupported, why), Side::request);
}

/// What was asked for of one side has to mean something to it.
void check_side(const Transport& transport, const char* side,
                const std::map<std::string, std::string>& options, bool login) {
  for (const auto& [key, value] : options) {
    if (!transport.has_option(key))
      refuse(fmt::format("option {} means nothing to the {}, {}; leave it away", key, side,
                         transport.name()));
  }
  if (login && (transport.capabilities() & SEALOS_ASKS_CREDENTIALS) == 0)
    refuse(fmt::format("the {}, {}, asks for no credentials; leave them away", side,
                       transport.name()));
}

}  // namespace

CopySession::CopySession(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                         const CopyRequest& request, Progress& progress)
    : find_(find),
      hooks_(hooks),
      cancel_(cancel),
      request_(request),
      progress_(progress),
      from_hooks_(hooks_for(hooks, request.source_credentials)),
      to_hooks_(at_one_place(hooks_for(hooks, request.destination_credentials))),
      from_services_(from_hooks_, cancel, all_options(request, request.source_options)),
      to_services_(to_hooks_, cancel, all_options(request, request.destination_options)) {}

void CopySession::prepare(sdk::Intent intent) {
  on_side(Side::request, [&] { check_wish(request_.compression); });
  to_ = open_reference(request_.destination, to_services_, to_transport_);
  if (request_.encrypt_base)
    on_side(Side::request, [&] { base_transport_ = find_(request_.encrypt_base->transport); });
  open_source_reference(request_.source);
  if (only_custom_resource(request_)) look_at_destination();
  destination_ = on_side(Side::destination, [&] {
    return intent == sdk::Intent::write ? to_->open_destination(to_services_)
                                        : to_->open_preview(to_services_);
  });
  check_custom_resource();
  if (!there_) {
    on_side(Side::request, [&] { signer_.emplace(request_, *to_, *destination_); });
    check_destination();
  }
  if (request_.referrers && !destination_->stores_referrers())
    refuse(fmt::format("{} stores nothing that refers to an image; leave --referrers away",
                       to_transport_->name()));
  find_source();
  if (request_.referrers) on_side(Side::source, [&] { read_referrers(); });
  if (request_.encrypt_base) read_base();
  if (request_.remove_source_index) check_removable();
  note_platform();
  make_plans();
  check_kept_signatures();
  refuse_unused_options();
}

/// What no image could change: a destination that takes none of the kind asked for is refused
/// before the source is asked for anything.
void CopySession::check_destination() const {
  on_side(Side::request, [&] {
    const DestinationTraits to = traits();
    check_wish_for(request_.compression, to);
    for (const LayerForm form : request_.add_compression) {
      CompressionWish wish;
      wish.form = form;
      check_wish_for(wish, to);
    }
    const bool adds = !request_.add_compression.empty();
    if (adds && !request_.all && !needs_index(request_)) refuse_to_add();
    if (adds || needs_index(request_)) require_index_holder(to);
  });
}

/// Before it is opened to be written to, which may make what is missing.
void CopySession::look_at_destination() {
  on_side(Side::destination, [&] {
    const auto source = to_->open_source(to_services_);
    try {
      there_ = find_image_there(*source);
    } catch (Error& e) {
      if (e.status() == Status::not_found) e.add_context("the image itself has to be there first");
      throw;
    }
  });
}

void CopySession::check_custom_resource() const {
  const auto option = request_.custom_resource.option;
  const bool asked = option == custom_resources::CrOption::yes || there_.has_value();
  if (asked && !destination_->stores_referrers())
    refuse(fmt::format("{} cannot hold a custom resource; use --cr-option no, or auto",
                       request_.destination.transport));
  if (there_ && !request_.signers.empty())
    refuse("--cr-option only writes no image that could be signed");
}

void CopySession::check_removable() const {
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
  if (!why.empty())
    refuse(fmt::format("{} cannot be removed after the copy: {}", printable(source_place_.str()),
                       why));
}

void CopySession::remove_source_index() {
  on_side(Side::source, [&] {
    try {
      source_.reset();
      from_->remove(from_services_, SEALOS_REMOVE_ONLY_INDEX);
    } catch (Error& e) {
      throw e.add_context("the image is copied, but the list was not removed");
    }
  });
}

std::unique_ptr<Reference> CopySession::open_reference(const Location& place,
                                                       const Services& services,
                                                       std::optional<Transport>& transport) {
  return on_side(Side::request, [&] {
    transport = find_(place.transport);
    return std::make_unique<Reference>(transport->parse_reference(services, place.details));
  });
}

/// May this place be read at all, and as it was asked for?
void CopySession::open_source_reference(const Location& place) {
  source_place_ = place;
  from_ = open_reference(place, from_services_, from_transport_);
  check_options();
  if (request_.check_policy) on_side(Side::policy, [&] { request_.check_policy(*from_); });
}

void CopySession::check_options() const {
  const Transport &from = *from_transport_, &to = *to_transport_;
  for (const auto& [key, value] : request_.options) {
    if (!from.has_option(key) && !to.has_option(key) && !base_knows(key))
      refuse(fmt::format("option {} means nothing to {} and {}; leave it away", key, from.name(),
                         to.name()));
  }
  check_side(from, "source", request_.source_options, request_.source_credentials != nullptr);
  check_side(to, "destination", request_.destination_options,
             request_.destination_credentials != nullptr);
  const bool may_authenticate = ((from.capabilities() | to.capabilities() |
                                  (base_transport_ ? base_transport_->capabilities() : 0)) &
                                 SEALOS_ASKS_CREDENTIALS) != 0;
  if (request_.credentials_given && !may_authenticate)
    refuse(fmt::format("neither {} nor {} asks for credentials; leave them away", from.name(),
                       to.name()));
}

/// Options are read when a side is opened; what nobody has read by now has no effect: it is one of
/// a destination whose transport is the source's, say.
void CopySession::refuse_unused_options() const {
  const auto check = [&](const std::map<std::string, std::string>& options,
                         std::initializer_list<const Services*> sides) {
    for (const auto& [key, value] : options) {
      const bool asked = std::any_of(sides.begin(), sides.end(), [&, &key = key](const auto* side) {
        return side->was_asked_for(key);
      });
      if (!asked && !base_knows(key))
        refuse(fmt::format("option {} has no effect on a copy from {} to {}; leave it away", key,
                           source_place_.transport, request_.destination.transport));
    }
  };
  check(request_.options, {&from_services_, &to_services_});
  check(request_.source_options, {&from_services_});
  check(request_.destination_options, {&to_services_});
}

/// Opens the source and reads its manifests, wherever it is.
void CopySession::find_source() {
  std::optional<CopyError> failure;
  try {
    return open_source();
  } catch (const CopyError& e) {
    const bool missing = e.side() == Side::source && e.status() == Status::not_found;
    // What was cancelled has begun to read an image, and that is the one.
    if (!missing || !request_.source_elsewhere || cancel_.cancelled()) throw;
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
      try {
        open_source_reference(place);
        return open_source();
      } catch (const CopyError& e) {
        if (cancel_.cancelled()) throw;
        note(e);
      }
    }
  } catch (const CopyError& e) {
    if (cancel_.cancelled()) throw;
    note(e);
  }
  throw CopyError(Error(failure->status(), tried), failure->side());
}

void CopySession::open_source() {
  source_ = on_side(Side::source, [&] { return from_->open_source(from_services_); });
  if (request_.referrers && !source_->has_referrers())
    refuse(fmt::format("{} does not know what refers to an image; leave --referrers away",
                       from_transport_->name()));
  selection_ = read_selection(*source_, *from_, request_, cancel_, progress_);
  if (request_.decryption_keys) on_side(Side::source, [&] { open_layers(); });
  if (request_.edit_recipients) on_side(Side::request, [&] { edit_recipients(); });
}

/// The keys of encrypted layers, before anything else is read.
void CopySession::open_layers() {
  for (ImageInput& image : selection_.images) {
    const auto& layers = image.manifest.layers();
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!encryption::is_encrypted(layers[i].media_type)) continue;
      try {
        image.opened[i] = std::make_shared<const encryption::Opened>(
            encryption::open_layer(layers[i].annotations, *request_.decryption_keys));
      } catch (Error& e) {
        throw e.add_context("layer " + layers[i].digest.brief());
      }
    }
  }
}

DestinationTraits CopySession::traits() const {
  if (there_) return taking_everything(request_.destination.transport);
  DestinationTraits traits{request_.destination.transport, destination_->manifest_types(),
                           destination_->compression(), destination_->flags()};
  traits.signature_formats = destination_->signature_formats();
  traits.layer_compressions = destination_->layer_compressions();
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
    const ImageWishes wishes{request_.compression, request_.preserve_digests,
                             request_.recipients ? &request_.encrypt_layers : nullptr,
                             !request_.signers.empty()};
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

void CopySession::check_kept_signatures() {
  std::vector<Item> kept;
  for (const ImagePlan& image : images_)
    kept.insert(kept.end(), image.signatures.begin(), image.signatures.end());
  for (const IndexPlan& index : indexes_)
    kept.insert(kept.end(), index.input.signatures.begin(), index.input.signatures.end());
  on_side(Side::request, [&] {
    sealos::check_kept_signatures(kept, *destination_, request_.destination.transport);
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
  for (const ReferrerPlan& plan : referrers_) {
    for (const BlobStep& step : plan.blobs) {
      const std::string key = key_of(step);
      if (seen.insert(key).second) layers.push_back({key, &step, nullptr});
    }
  }
  layers.insert(layers.end(), configs.begin(), configs.end());
  return layers;
}

unsigned CopySession::workers() const {
  if (!source_->parallel() || !(destination_->parallel() || destination_->ordered())) return 1;
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
