#include "core/copy/cr_show.hpp"

#include <fmt/format.h>

#include "core/copy/cr_publisher.hpp"
#include "core/copy/image_there.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

constexpr size_t kMaxText = 16 << 20;  // an Image object may be written longer than its README.md

class Shower {
 public:
  Shower(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
         const CopyRequest& request, Progress& progress)
      : find_(find),
        cancel_(cancel),
        request_(request),
        progress_(progress),
        services_(hooks, cancel, options_of(request)) {}

  std::string show(bool published) {
    open();
    const Selection selection = read_selection(*source_, *from_, request_, cancel_, progress_);
    return published ? read_published(selection) : make(selection);
  }

 private:
  static std::map<std::string, std::string> options_of(const CopyRequest& request) {
    auto options = request.options;
    options.insert(request.engine_options.begin(), request.engine_options.end());
    return options;
  }

  void open() {
    on_side(Side::request, [&] {
      transport_ = find_(request_.source.transport);
      from_ = std::make_unique<Reference>(
          transport_->parse_reference(services_, request_.source.details));
      for (const auto& [key, value] : request_.options) {
        if (!transport_->has_option(key))
          throw Error(
              Status::unsupported,
              fmt::format("option {} means nothing to {}; leave it away", key, transport_->name()));
      }
      const bool asks = (transport_->capabilities() & SEALOS_ASKS_CREDENTIALS) != 0;
      if (request_.credentials_given && !asks)
        throw Error(Status::unsupported,
                    fmt::format("{} asks for no credentials; leave them away", transport_->name()));
    });
    if (request_.check_policy) on_side(Side::policy, [&] { request_.check_policy(*from_); });
    source_ = on_side(Side::source, [&] { return from_->open_source(services_); });
  }

  std::string make(const Selection& selection) {
    const ImagePlan plan = on_side(Side::source, [&] {
      const ImageInput& input = selection.images.front();
      if (!input.manifest.is_image()) throw Error(Status::unsupported, "it is no image");
      return plan_image(input, taking_everything("nowhere"));
    });
    LayerWatch watch(plan, true);
    const auto content = read_cr_content(plan, watch, source_.get(), cancel_);
    return custom_resources::shown(
        image_object(cr_facts(cr_name(*from_, *from_), plan, plan.manifest), content), content);
  }

  std::string read_published(const Selection& selection) {
    return on_side(Side::source, [&] {
      if (!source_->has_referrers())
        throw Error(Status::unsupported,
                    fmt::format("{} holds no custom resources", from_->transport()));
      const Manifest top = Manifest::parse(selection.top);
      for (const Digest& subject : {top.digest(), selection.images.front().manifest.digest()}) {
        if (const auto one = find_published(subject)) return text_of(*one);
      }
      throw Error(Status::not_found, "no custom resource is there for this image");
    });
  }

  /// The last that is listed, of this name where there is one.
  std::optional<Digest> find_published(const Digest& subject) {
    const std::string name = cr_name(*from_, *from_);
    std::optional<Digest> named, any;
    for (const Referrer& one : source_->list_referrers(subject, custom_resources::kArtifactType)) {
      const Json descriptor = Json::parse(one.descriptor);
      const Json* annotations = descriptor.find("annotations");
      any = one.digest;
      if (annotations != nullptr && annotations->text_at(custom_resources::kNameAnnotation) == name)
        named = one.digest;
    }
    return named ? named : any;
  }

  std::string text_of(const Digest& digest) {
    const Item item = source_->read_manifest(digest);
    if (digest_of(item.data, digest.algorithm()) != digest)
      throw Error(Status::corrupt, fmt::format("{} has another digest", digest.str()));
    std::string text;
    const Json manifest = Json::parse(item.data);
    for (const Json& json : manifest.at("layers").items("layers")) {
      const Descriptor layer = Descriptor::parse(json);
      if (layer.media_type != custom_resources::kFileType) continue;
      const auto stream = source_->open_blob(layer.to_blob());
      const std::string bytes = read_stream(*stream, kMaxText, layer.digest.brief());
      if (digest_of(bytes, layer.digest.algorithm()) != layer.digest)
        throw Error(Status::corrupt, fmt::format("{} has another digest", layer.digest.str()));
      if (!text.empty()) text += "---\n# " + title_of(layer) + "\n";
      text += bytes;
      if (!text.ends_with('\n')) text += '\n';
      if (text.size() > kMaxText) throw Error(Status::invalid, "the custom resource is too large");
    }
    return text;
  }

  static std::string title_of(const Descriptor& layer) {
    for (const auto& [key, value] : layer.annotations) {
      if (key == custom_resources::kTitleAnnotation) return printable(value);
    }
    return "";
  }

  const FindTransport& find_;
  CancelToken& cancel_;
  const CopyRequest& request_;
  Progress& progress_;
  Services services_;
  std::optional<Transport> transport_;
  std::unique_ptr<Reference> from_;
  std::unique_ptr<Source> source_;
};

}  // namespace

std::string show_custom_resource(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                                 const CopyRequest& request, bool published, Progress& progress) {
  try {
    return on_side(Side::neither,
                   [&] { return Shower(find, hooks, cancel, request, progress).show(published); });
  } catch (CopyError& e) {
    name_place(e, request);
    throw;
  }
}

}  // namespace sealos
