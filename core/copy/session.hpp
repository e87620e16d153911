// A copy up to its first byte: both ends are open, the manifests read, the plans made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/copy/copy.hpp"
#include "core/copy/image_reader.hpp"
#include "core/copy/image_there.hpp"
#include "core/copy/index_plan.hpp"
#include "core/copy/manifest_signer.hpp"
#include "core/copy/plan.hpp"
#include "core/copy/referrers.hpp"
#include "core/host/destination.hpp"
#include "core/host/option_error.hpp"
#include "core/host/reference.hpp"
#include "core/host/source.hpp"
#include "sealos/sdk/destination.hpp"

namespace sealos {

/// Runs body; what it throws is blamed on `side`, but for options, unless it is blamed already.
template <typename Body>
auto on_side(Side side, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const CopyError&) {
    throw;
  } catch (const OptionError& e) {
    throw CopyError(e, Side::request);
  } catch (const Error& e) {
    throw CopyError(e, side);
  }
}

/// A blob that several images may share is copied once.
struct BlobTask {
  std::string key;  ///< key_of the step
  const BlobStep* step;
  const std::string* config;  ///< nullptr: a layer
};

/// Owns what a copy, or a preview of one, works with. What is given must outlive it.
class CopySession {
 public:
  CopySession(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
              const CopyRequest& request, Progress& progress);

  /// The destination comes before the source, so that one that cannot hold the image is refused
  /// before anything of it is read. Throws CopyError. Afterwards all below can be used; a
  /// destination opened to be written to has to be committed or aborted.
  void prepare(sdk::Intent intent);

  /// Where the source was found.
  const Location& source_place() const { return source_place_; }
  Reference& from() { return *from_; }
  Reference& to() { return *to_; }
  Source& source() { return *source_; }
  /// nullptr where prepare failed before it was opened.
  Destination* destination() { return destination_.get(); }
  /// Where the custom resource alone is written: what the destination has. Else nullptr.
  const ImageThere* image_there() const { return there_ ? &*there_ : nullptr; }
  const Item& top() const { return selection_.top; }
  const ManifestSigner& signer() const { return *signer_; }
  const std::vector<ImagePlan>& images() const { return images_; }
  /// Innermost first; the last is the top one. Empty: one image is copied.
  const std::vector<IndexPlan>& indexes() const { return indexes_; }
  const std::vector<ReferrerPlan>& referrers() const { return referrers_; }
  std::vector<ReferrerReport> referrer_reports() const;
  /// Layers and blobs of referrers, then configs.
  std::vector<BlobTask> tasks() const;
  /// How many blobs at a time.
  unsigned workers() const;
  /// After the copy; nothing can be read any more.
  void remove_source_index();

 private:
  std::unique_ptr<Reference> open_reference(const Location& place, const Services& services,
                                            std::optional<Transport>& transport);
  void open_source_reference(const Location& place);
  void check_options() const;
  void check_destination() const;
  void check_removable() const;
  void refuse_unused_options() const;
  void look_at_destination();
  void check_custom_resource() const;
  void find_source();
  void open_source();
  void open_layers();
  void edit_recipients();
  void read_base();
  bool base_knows(const std::string& option) const;
  DestinationTraits traits() const;
  void make_plans();
  void check_kept_signatures();
  void read_referrers();
  void note_referrers_of_index() const;
  void note_platform() const;

  const FindTransport& find_;
  const Hooks& hooks_;
  CancelToken& cancel_;
  const CopyRequest& request_;
  Progress& progress_;
  const Hooks from_hooks_, to_hooks_;
  Services from_services_, to_services_;
  Location source_place_;
  std::optional<Transport> from_transport_, to_transport_, base_transport_;
  std::unique_ptr<Reference> from_, to_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Destination> destination_;
  std::optional<ImageThere> there_;
  std::optional<ManifestSigner> signer_;
  Selection selection_;
  std::vector<ImagePlan> images_;
  std::vector<IndexPlan> indexes_;
  std::vector<ReferrerPlan> referrers_;
};

/// The place in front of a message that does not speak of it.
void name_place(CopyError& e, const CopyRequest& request);

}  // namespace sealos
