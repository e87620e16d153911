#include "core/copy/cr_publisher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/copy/blob_copier.hpp"
#include "core/custom_resources/image_files.hpp"
#include "core/encryption/layer_cipher.hpp"
#include "core/stream/verified.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

using custom_resources::Artifact;
using custom_resources::Content;
using custom_resources::CrOption;
using custom_resources::LayerFiles;

bool is_described(const ImagePlan& plan) {
  const bool layers = plan.layers.empty() ||
                      std::any_of(plan.layers.begin(), plan.layers.end(),
                                  [](const BlobStep& step) { return step.layer.has_value(); });
  return !plan.variant && plan.manifest.is_image() && layers;
}

/// Reads a layer for this alone.
LayerFiles read_layer(Source& source, const BlobStep& step, const CancelToken& cancel) {
  if (step.by_url) return {};
  if (encryption::is_encrypted(step.original.media_type) && !step.opened)
    throw Error(Status::unsupported, "it is encrypted");
  if (!step.layer) throw Error(Status::unsupported, "it is no layer of files");
  Expectation expected;
  expected.digest = step.from.digest;
  expected.size = step.from.size;
  expected.what = "it";
  expected.cancel = &cancel;
  auto stream = verified(source.open_blob(step.from), std::move(expected));
  if (step.opened)
    stream = encryption::decrypt(std::move(stream), step.opened->secret, step.opened->hmac);
  return custom_resources::scan_layer(std::move(stream));
}

Json subject_of(const Manifest& manifest) {
  return Json::object({{"mediaType", manifest.item().label},
                       {"digest", manifest.digest().str()},
                       {"size", static_cast<std::int64_t>(manifest.bytes().size())}});
}

std::string last_part(const std::string& canonical) {
  return canonical.substr(canonical.find_last_of('/') + 1);
}

}  // namespace

const ImagePlan* described_image(const std::vector<ImagePlan>& images) {
  const ImagePlan* best = nullptr;
  int best_rank = -1;
  for (const ImagePlan& plan : images) {
    if (!is_described(plan)) continue;
    const auto platform = platform_of(plan.manifest, plan.config_bytes);
    const int rank = platform ? platform_rank(Platform::host(), *platform) : -1;
    const bool better = rank >= 0 && (best_rank < 0 || rank < best_rank);
    if (best == nullptr || better) {
      best = &plan;
      best_rank = rank;
    }
  }
  return best;
}

std::string cr_name(const Reference& destination, const Reference& source) {
  for (const Reference* reference : {&destination, &source}) {
    const auto text = reference->docker_name();
    if (!text) continue;
    const DockerName name = DockerName::parse(*text);
    return name.digest ? name.path + "@" + name.digest->str() : name.path + ":" + name.tag;
  }
  return last_part(destination.canonical());
}

Content read_cr_content(const ImagePlan& image, LayerWatch& watch, Source* source,
                        const CancelToken& cancel) {
  std::vector<const LayerFiles*> layers;
  try {
    for (const BlobStep& step : image.layers) {
      try {
        if (watch.find(step.original.digest) == nullptr)
          watch.keep(step.original.digest,
                     source == nullptr ? LayerFiles() : read_layer(*source, step, cancel));
        const LayerFiles* files = watch.find(step.original.digest);
        if (!files->problem.empty()) throw Error(Status::unsupported, files->problem);
        layers.push_back(files);
      } catch (Error& e) {
        throw e.add_context("looking into " + name_of(step));
      }
    }
    return custom_resources::read_content(custom_resources::visible_files(layers));
  } catch (const CopyError&) {
    throw;
  } catch (Error& e) {
    throw CopyError(e.add_context("the image's custom resource"), Side::source);
  }
}

custom_resources::ImageFacts cr_facts(const std::string& name, const ImagePlan& image,
                                      const Manifest& stored) {
  custom_resources::ImageFacts facts;
  facts.name = name;
  facts.id = stored.has_config() ? stored.config().digest.str() : stored.digest().str();
  const Schema1* old = image.manifest.schema1();
  read_config(old == nullptr ? image.config_bytes : old->entries.back().compatibility, facts);
  if (stored.has_config()) facts.size = stored.config().size;
  for (const Descriptor& layer : stored.layers())
    facts.size += std::max<std::int64_t>(0, layer.size);
  return facts;
}

CrPublisher::CrPublisher(CopySession& session, const CopyRequest& request,
                         const CancelToken& cancel, Progress& progress)
    : session_(session), request_(request), cancel_(cancel), progress_(progress) {
  if (request.custom_resource.option == CrOption::no) return;
  image_ = described_image(session.images());
  if (image_ == nullptr) {
    if (asked())
      throw CopyError(Error(Status::unsupported,
                            "what is copied is no image, and has no custom "
                            "resource; leave --cr-option away"),
                      Side::request);
    return;
  }
  name_ = cr_name(session.to(), session.from());
  if (!session.destination()->stores_referrers()) {
    why_not_ = session.to().transport() + " cannot hold one";
  } else if (request.recipients && !asked()) {
    why_not_ = "the image is encrypted and it would not be; --cr-option yes sends it";
  }
  watch_.emplace(*image_, why_not_.empty() && is_meant_to_have_one());
}

/// In so many words.
bool CrPublisher::asked() const {
  return request_.custom_resource.option == CrOption::yes ||
         request_.custom_resource.option == CrOption::only;
}

/// Before any layer has been looked into.
bool CrPublisher::is_meant_to_have_one() const {
  return asked() || request_.custom_resource.for_every_image ||
         says_cloud_image(image_->manifest, image_->config_bytes);
}

Content& CrPublisher::content() {
  // What was not looked into on the way is not read for a note.
  Source* source = why_not_.empty() ? &session_.source() : nullptr;
  if (!content_) content_ = read_cr_content(*image_, *watch_, source, cancel_);
  return *content_;
}

void CrPublisher::check() {
  if (asked()) content();
}

std::optional<CrReport> CrPublisher::publish(const WrittenManifests& written, const Manifest& top) {
  if (image_ == nullptr) return std::nullopt;
  const Manifest& image = written.at(image_->key()).manifest;
  if (asked()) return send(image, top);
  try {
    return publish_found(image, top);
  } catch (const Error& e) {
    if (cancel_.cancelled()) throw;
    progress_.note(fmt::format("the image goes without a custom resource: {}", e.message()));
    return std::nullopt;
  }
}

std::optional<CrReport> CrPublisher::publish_found(const Manifest& image, const Manifest& top) {
  const bool worth_it = watch_->has_seen_any() || is_meant_to_have_one();
  if (!worth_it) return std::nullopt;
  if (!why_not_.empty()) {
    if (!watch_->has_seen_any()) {
      progress_.note("if the image has a custom resource it goes without: " + why_not_);
    } else if (content().meant()) {
      progress_.note("the image goes without its custom resource: " + why_not_);
    }
    return std::nullopt;
  }
  if (!request_.custom_resource.for_every_image) {
    if (auto there = find_there(top)) return there;
    if (!content().meant()) return std::nullopt;
  }
  return send(image, top);
}

/// One of this name for this manifest is this one: it is made of the manifest and the name alone.
std::optional<CrReport> CrPublisher::find_there(const Manifest& top) const {
  const auto there = on_side(Side::destination, [&] {
    return session_.destination()->list_referrers(top.digest(), custom_resources::kArtifactType);
  });
  for (const Referrer& one : there.value_or(std::vector<Referrer>())) {
    const Json descriptor = Json::parse(one.descriptor);
    const Json* annotations = descriptor.find("annotations");
    if (annotations != nullptr && annotations->text_at(custom_resources::kNameAnnotation) == name_)
      return CrReport{name_, one.digest, false, {}};
  }
  return std::nullopt;
}

CrReport CrPublisher::send(const Manifest& image, const Manifest& top) {
  const Json object = image_object(cr_facts(name_, *image_, image), content());
  const Artifact artifact = make_artifact(object, content(), subject_of(top));
  CrReport report{name_, digest_of(artifact.manifest.data), true, object};
  try {
    const auto there =
        session_.destination()->list_referrers(top.digest(), custom_resources::kArtifactType);
    if (there) {
      report.sent = std::none_of(there->begin(), there->end(),
                                 [&](const Referrer& one) { return one.digest == report.digest; });
    }
    if (report.sent) put(artifact);
  } catch (Error& e) {
    throw CopyError(e.add_context("writing the custom resource"), Side::destination);
  }
  return report;
}

void CrPublisher::put(const Artifact& artifact) {
  Destination& to = *session_.destination();
  for (const auto& [blob, bytes] : artifact.blobs) {
    if (to.try_reuse({blob, {}, std::nullopt})) continue;
    const auto stream = memory_stream(bytes);
    to.put_blob(blob, *stream);
  }
  to.put_referrer(artifact.manifest);
}

CrReport CrPublisher::publish_alone() {
  const ImageThere& there = *session_.image_there();
  const Manifest& wanted = image_->manifest;
  const bool same = wanted.has_config() && there.image.has_config()
                        ? wanted.config().digest == there.image.config().digest
                        : wanted.digest() == there.image.digest();
  if (!same)
    throw CopyError(Error(Status::not_found,
                          "another image is there under that name; push the "
                          "image itself first"),
                    Side::destination);
  return send(there.image, there.top);
}

}  // namespace sealos
