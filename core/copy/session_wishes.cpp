// What a copy was asked for beyond blobs and manifests: what belongs to the image, other
// recipients, a base image whose layers stay as they are.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/copy/base_layers.hpp"
#include "core/copy/session.hpp"
#include "core/copy/source_session.hpp"

namespace sealos {
namespace {

[[noreturn]] void refuse_wish(const std::string& why) {
  throw CopyError(Error(Status::unsupported, why), Side::request);
}

/// Those that the transport of a third place knows.
std::map<std::string, std::string> options_for(const Transport& transport,
                                               const CopyRequest& request) {
  std::map<std::string, std::string> options;
  for (const auto& [key, value] : request.options) {
    if (transport.has_option(key)) options.emplace(key, value);
  }
  return options;
}

}  // namespace

/// What belongs to all that is copied, before it is planned: what something refers to stays as it
/// is.
void CopySession::read_referrers() {
  std::vector<Digest> subjects;
  const auto name_of = [](const auto& input) {
    return input.instance.value_or(input.manifest.digest());
  };
  for (const ImageInput& image : selection_.images) subjects.push_back(name_of(image));
  for (const IndexInput& index : selection_.indexes) subjects.push_back(name_of(index));
  referrers_ = sealos::read_referrers(*source_, subjects, request_.workers, cancel_);
  std::set<std::string> referred;
  for (const ReferrerPlan& plan : referrers_) {
    referred.insert(plan.subject.str());
    if (!plan.attached.empty() && !destination_->stores_attached())
      refuse_wish(
          fmt::format("{} stores nothing beside an image, as is {} of {}; leave --referrers away",
                      to_transport_->name(), plan.digest.brief(), plan.subject.brief()));
  }
  for (ImageInput& image : selection_.images)
    image.referred = referred.contains(name_of(image).str());
  for (IndexInput& index : selection_.indexes)
    index.referred = referred.contains(name_of(index).str());
  note_referrers_of_index();
}

/// It is the index that is signed, as a rule.
void CopySession::note_referrers_of_index() const {
  const Manifest top = Manifest::parse(selection_.top);
  if (!top.is_index() || !selection_.indexes.empty()) return;
  const size_t count =
      source_->list_referrers(top.digest()).size() + source_->list_attached(top.digest()).size();
  if (count == 0) return;
  progress_.note(
      fmt::format("{} that refer to the index stay behind, as the index does; --all "
                  "copies it",
                  count));
}

std::vector<ReferrerReport> CopySession::referrer_reports() const {
  std::vector<ReferrerReport> reports;
  for (const ReferrerPlan& plan : referrers_) {
    if (plan.listed) continue;
    reports.push_back(
        {plan.digest, plan.subject, plan.manifest.label, plan.artifact_type, plan.attached});
  }
  return reports;
}

/// An option may be for the base image alone, which is then the one that makes use of it.
bool CopySession::base_knows(const std::string& option) const {
  return base_transport_ && base_transport_->has_option(option);
}

/// The base image's manifests, read as the policy allows; nothing else of it is.
void CopySession::read_base() {
  CopyRequest base;
  base.source = *request_.encrypt_base;
  base.all = request_.all;
  base.platforms = request_.platforms;
  base.sparse = request_.sparse;
  base.check_policy = request_.check_policy;
  base.check_signatures = request_.check_signatures;
  base.engine_options = request_.engine_options;
  try {
    base.options = options_for(*base_transport_, request_);
    SourceSession session(find_, hooks_, cancel_, base, progress_);
    session.open();
    const Manifest top = Manifest::parse(session.source().read_manifest(std::nullopt));
    if (!top.is_index()) base.all = base.sparse = false, base.platforms.clear();
    const Selection selection = session.read();
    on_side(Side::request, [&] { find_base_layers(selection_.images, selection.images); });
  } catch (CopyError& e) {
    e.add_context("base image " + printable(base.source.str()));
    throw;
  }
}

/// The new annotations of encrypted layers. A recipient that is counted has to be the same in all.
void CopySession::edit_recipients() {
  const encryption::RecipientEdit& edit = *request_.edit_recipients;
  std::optional<std::vector<encryption::RecipientEntry>> first;
  const bool counted = std::any_of(edit.remove.begin(), edit.remove.end(),
                                   [](const auto& choice) { return choice.by_number(); });
  for (ImageInput& image : selection_.images) {
    const auto& layers = image.manifest.layers();
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!encryption::is_encrypted(layers[i].media_type)) continue;
      try {
        const auto here = encryption::recipients_of(layers[i].annotations);
        if (!first) first = here;
        if (counted && here != *first)
          throw Error(Status::invalid,
                      "its recipients are not those of the others, so that none can be removed by "
                      "its number");
        image.rekeyed[i] = encryption::edit_recipients(layers[i].annotations, edit);
      } catch (Error& e) {
        throw e.add_context("layer " + layers[i].digest.brief());
      }
    }
  }
  if (!first) throw Error(Status::invalid, "none of its layers is encrypted");
}

}  // namespace sealos
