// The custom resource of an image on its way to the image's destination.
#pragma once

#include <optional>
#include <string>

#include "core/copy/copy.hpp"
#include "core/copy/image_writer.hpp"
#include "core/copy/layer_watch.hpp"
#include "core/copy/reasons.hpp"
#include "core/copy/session.hpp"
#include "core/custom_resources/content.hpp"
#include "core/custom_resources/image_object.hpp"

namespace sealos {

/// The image of a copy that the custom resource describes: of several, the one for this machine,
/// else the first. nullptr: none is an image.
const ImagePlan* described_image(const std::vector<ImagePlan>& images);

/// The name of an image in its repository: "org/repo:tag".
std::string cr_name(const Reference& destination, const Reference& source);

/// The files of an image; layers that `watch` has not seen are read from `source`, or where that is
/// nullptr taken as empty. Throws CopyError.
custom_resources::Content read_cr_content(const ImagePlan& image, LayerWatch& watch, Source* source,
                                          const CancelToken& cancel);

/// facts: of the image as it is stored there, whose manifest is `stored`.
custom_resources::ImageFacts cr_facts(const std::string& name, const ImagePlan& image,
                                      const Manifest& stored);

/// As CopyRequest::custom_resource says. Used by one thread; what watch() gives is for all.
class CrPublisher {
 public:
  /// The session is prepared; all that is given outlives this.
  CrPublisher(CopySession& session, const CopyRequest& request, const CancelToken& cancel,
              Progress& progress);

  /// nullptr: no layer is looked into.
  LayerWatch* watch() { return watch_ ? &*watch_ : nullptr; }
  /// After the blobs and before any manifest: what is wrong with a custom resource that has to be
  /// sent is thrown here.
  void check();
  /// After the manifests and before the commit. Where it was not asked for in so many words, what
  /// goes wrong is a note, and the image arrives without.
  std::optional<CrReport> publish(const WrittenManifests& written, const Manifest& top);
  /// Of an image that is at the destination already.
  CrReport publish_alone();

 private:
  bool asked() const;
  bool is_meant_to_have_one() const;
  std::optional<CrReport> publish_found(const Manifest& image, const Manifest& top);
  std::optional<CrReport> find_there(const Manifest& top) const;
  CrReport send(const Manifest& image, const Manifest& top);
  void put(const custom_resources::Artifact& artifact);
  custom_resources::Content& content();

  CopySession& session_;
  const CopyRequest& request_;
  const CancelToken& cancel_;
  Progress& progress_;
  const ImagePlan* image_ = nullptr;
  std::string name_, why_not_;
  std::optional<LayerWatch> watch_;
  std::optional<custom_resources::Content> content_;
};

}  // namespace sealos
