#include "core/copy/reuse_finder.hpp"

#include "support/docker_name/docker_name.hpp"

namespace sealos {
namespace {

std::string location_of(const Reference& reference) {
  const auto name = reference.docker_name();
  return name && reference.cache_scope() ? DockerName::parse(*name).repository() : "";
}

/// Whether a blob with the same content may stand in for what would be made of the layer.
bool serves(const BlobStep& step, const cache::BlobCandidate& known) {
  if (step.any_form && known.compression == "gzip") return true;
  if (known.compression != step.compression) return false;
  return !step.chunked || known.variant == name_of(LayerForm::zstd_chunked);
}

}  // namespace

Blob announced(const BlobStep& step) {
  Blob blob = step.from;
  blob.location.clear();  // which is the source's
  blob.digest = step.result;
  blob.compression = step.layer ? std::optional(step.compression) : blob.compression;
  if (step.recode != Recode::none) blob.size = -1;
  if (changes_bytes(step)) blob.annotations.clear();
  return blob;
}

ReuseFinder::ReuseFinder(cache::BlobInfoCache* cache, const Reference& from, const Reference& to,
                         bool exact)
    : cache_(cache),
      exact_(exact),
      from_transport_(from.transport()),
      from_scope_(from.cache_scope().value_or("")),
      from_location_(location_of(from)),
      to_transport_(to.transport()),
      to_scope_(to.cache_scope().value_or("")),
      to_location_(location_of(to)) {}

std::optional<Reuse> ReuseFinder::wanted(const BlobStep& step) const {
  if (step.encrypt || step.opened) return std::nullopt;  // no ciphertext comes twice
  Reuse want;
  bool known = true;
  if (step.original_serves) {
    // The layer as the manifest has it may be there although the source holds another form of it.
    want.blob = step.original.to_blob();
    want.blob.layer_index = step.from.layer_index;
    add_sightings(want);
  } else if (step.result) {
    want.blob = announced(step);
  } else {
    known = false;
  }
  const bool one_place = !from_location_.empty() && from_transport_ == to_transport_ &&
                         from_scope_ == to_scope_ && from_location_ != to_location_;
  if (known && one_place && want.blob.digest == step.from.digest) {
    Blob elsewhere = want.blob;
    elsewhere.location = from_location_;
    want.candidates.push_back(std::move(elsewhere));
  }
  if (step.layer && !step.must_reuse) add_substitutes(step, want);
  if (!known) {
    if (want.candidates.empty()) return std::nullopt;
    want.blob = want.candidates.front();
    want.candidates.erase(want.candidates.begin());
  }
  return want;
}

std::optional<Digest> ReuseFinder::plain_of(const BlobStep& step) const {
  return cache_ == nullptr ? std::nullopt : cache_->uncompressed_digest(*step.from.digest);
}

/// The blob itself, where an earlier copy saw it: a store, which no longer has it in this form,
/// need not make it again.
void ReuseFinder::add_sightings(Reuse& want) const {
  if (cache_ == nullptr) return;
  for (const auto& known : cache_->candidates(to_transport_, to_scope_, *want.blob.digest, false)) {
    if (known.location.empty() || known.location == to_location_) continue;
    Blob elsewhere = want.blob;
    elsewhere.location = known.location;
    want.candidates.push_back(std::move(elsewhere));
  }
}

void ReuseFinder::add_substitutes(const BlobStep& step, Reuse& want) const {
  if (cache_ == nullptr || (exact_ && step.recode != Recode::none)) return;
  const bool substitute = step.recode == Recode::compress;
  for (const auto& known :
       cache_->candidates(to_transport_, to_scope_, *step.from.digest, substitute)) {
    const bool same = known.digest == *step.from.digest;
    if (exact_ && !same) continue;
    if (step.recode != Recode::none && (same || !serves(step, known))) continue;
    if (same && (known.location.empty() || known.location == to_location_)) continue;
    Blob blob = announced(step);
    blob.digest = known.digest;
    if (substitute) {
      blob.compression = known.compression;
      if (step.chunked && known.compression == step.compression) {
        blob.annotations = known.annotations;
      }
    }
    if (known.location != to_location_) blob.location = known.location;
    want.candidates.push_back(std::move(blob));
  }
}

void ReuseFinder::record(const BlobStep& step, const BlobReport& report) {
  if (cache_ == nullptr || report.outcome == BlobOutcome::left_at_url) return;
  const bool readable = step.layer && !step.encrypt && !step.opened;
  if (report.outcome == BlobOutcome::copied && readable) record_copied(step, report);
  if (!to_location_.empty()) {
    cache_->record_location(to_transport_, to_scope_, report.stored, to_location_);
  }
}

/// What this copy has seen itself. Others look for blobs of which the compression is known only.
void ReuseFinder::record_copied(const BlobStep& step, const BlobReport& report) {
  const Digest& read = *step.from.digest;
  cache_->record_compression(report.stored, report.compression.value_or(""));
  if (step.chunked && !report.annotations.empty()) {
    cache_->record_variant(report.stored, name_of(LayerForm::zstd_chunked), report.annotations);
  }
  const bool recoded = step.recode != Recode::none;
  const bool plain_known = step.plain && recoded;  // it was verified on the way
  if (plain_known) cache_->record_pair(report.stored, *step.plain);
  if (plain_known && read != *step.plain) cache_->record_pair(read, *step.plain);
  if (recoded && step.from.compression) cache_->record_compression(read, *step.from.compression);
  if (step.find_plain && report.plain) cache_->record_pair(read, *report.plain);
  if (!from_location_.empty()) {
    cache_->record_location(from_transport_, from_scope_, read, from_location_);
  }
}

}  // namespace sealos
