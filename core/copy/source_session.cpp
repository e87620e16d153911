#include "core/copy/source_session.hpp"

#include <fmt/format.h>

#include "core/copy/session.hpp"

namespace sealos {

std::map<std::string, std::string> options_of_side(
    const CopyRequest& request, const std::map<std::string, std::string>& of_side) {
  std::map<std::string, std::string> options = of_side;
  options.insert(request.options.begin(), request.options.end());
  options.insert(request.engine_options.begin(), request.engine_options.end());
  return options;
}

SourceSession::SourceSession(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                             const CopyRequest& request, Progress& progress)
    : find_(find),
      cancel_(cancel),
      request_(request),
      progress_(progress),
      hooks_(hooks),
      services_(hooks_, cancel, options_of_side(request, request.source_options)) {}

void SourceSession::open() {
  on_side(Side::request, [&] {
    transport_ = find_(request_.source.transport);
    from_ = std::make_unique<Reference>(
        transport_->parse_reference(services_, request_.source.details));
    refuse_options(false);
  });
  if (request_.check_policy) on_side(Side::policy, [&] { request_.check_policy(*from_); });
  source_ = on_side(Side::source, [&] { return from_->open_source(services_); });
  on_side(Side::request, [&] { refuse_options(true); });
}

void SourceSession::refuse_options(bool unused) const {
  for (const auto& [key, value] : request_.options) {
    const bool good = unused ? services_.was_asked_for(key) : transport_->has_option(key);
    if (good) continue;
    throw Error(Status::unsupported, fmt::format("option {} means nothing to {}; leave it away",
                                                 key, transport_->name()));
  }
  if (request_.credentials_given && (transport_->capabilities() & SEALOS_ASKS_CREDENTIALS) == 0)
    throw Error(Status::unsupported,
                transport_->name() + " asks for no credentials; leave them away");
}

Selection SourceSession::read() {
  return read_selection(*source_, *from_, request_, cancel_, progress_);
}

std::vector<LayerRecipients> list_recipients(const FindTransport& find, const Hooks& hooks,
                                             CancelToken& cancel, const CopyRequest& request,
                                             Progress& progress) {
  return on_side(Side::neither, [&] {
    SourceSession session(find, hooks, cancel, request, progress);
    session.open();
    const Selection selection = session.read();
    std::vector<LayerRecipients> found;
    on_side(Side::source, [&] {
      for (const ImageInput& image : selection.images) {
        const auto& layers = image.manifest.layers();
        for (size_t i = 0; i < layers.size(); ++i) {
          if (!encryption::is_encrypted(layers[i].media_type)) continue;
          found.push_back({image.instance.value_or(image.manifest.digest()), layers[i].digest, i,
                           encryption::recipients_of(layers[i].annotations)});
        }
      }
    });
    return found;
  });
}

}  // namespace sealos
