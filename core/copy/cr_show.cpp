#include "core/copy/cr_show.hpp"

#include <fmt/format.h>

#include "core/copy/cr_publisher.hpp"
#include "core/copy/image_there.hpp"
#include "core/copy/source_session.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

constexpr size_t kMaxText = 16 << 20;  // an Image object may be written longer than its README.md

class Shower {
 public:
  Shower(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
         const CopyRequest& request, Progress& progress)
      : cancel_(cancel), session_(find, hooks, cancel, request, progress) {}

  std::string show(bool published) {
    session_.open();
    const Selection selection = session_.read();
    return published ? read_published(selection) : make(selection);
  }

 private:
  std::string make(const Selection& selection) {
    const ImagePlan plan = on_side(Side::source, [&] {
      const ImageInput& input = selection.images.front();
      if (!input.manifest.is_image()) throw Error(Status::unsupported, "it is no image");
      return plan_image(input, taking_everything("nowhere"));
    });
    LayerWatch watch(plan, true);
    const auto content = read_cr_content(plan, watch, &session_.source(), cancel_);
    return custom_resources::shown(
        image_object(cr_facts(cr_name(session_.from(), session_.from()), plan, plan.manifest),
                     content),
        content);
  }

  std::string read_published(const Selection& selection) {
    return on_side(Side::source, [&] {
      if (!session_.source().has_referrers())
        throw Error(Status::unsupported,
                    fmt::format("{} holds no custom resources", session_.from().transport()));
      const Manifest top = Manifest::parse(selection.top);
      for (const Digest& subject : {top.digest(), selection.images.front().manifest.digest()}) {
        if (const auto one = find_published(subject)) return text_of(*one);
      }
      throw Error(Status::not_found, "no custom resource is there for this image");
    });
  }

  /// The last that is listed, of this name where there is one.
  std::optional<Digest> find_published(const Digest& subject) {
    const std::string name = cr_name(session_.from(), session_.from());
    std::optional<Digest> named, any;
    for (const Referrer& one :
         session_.source().list_referrers(subject, custom_resources::kArtifactType)) {
      const Json descriptor = Json::parse(one.descriptor);
      const Json* annotations = descriptor.find("annotations");
      any = one.digest;
      if (annotations != nullptr && annotations->text_at(custom_resources::kNameAnnotation) == name)
        named = one.digest;
    }
    return named ? named : any;
  }

  std::string text_of(const Digest& digest) {
    const Item item = session_.source().read_manifest(digest);
    if (digest_of(item.data, digest.algorithm()) != digest)
      throw Error(Status::corrupt, fmt::format("{} has another digest", digest.str()));
    std::string text;
    const Json manifest = Json::parse(item.data);
    for (const Json& json : manifest.at("layers").items("layers")) {
      const Descriptor layer = Descriptor::parse(json);
      if (layer.media_type != custom_resources::kFileType) continue;
      const auto stream = session_.source().open_blob(layer.to_blob());
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

  CancelToken& cancel_;
  SourceSession session_;
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
