#include "core/copy/reuse_finder.hpp"

#include "support/docker_name/docker_name.hpp"

namespace sealos {
namespace {

std::string location_of(const Reference& reference) {
  const auto name = reference.docker_name();
  return name && reference.cache_scope() ? DockerName::parse(*name).repository() : "";
}

}  // namespace

Blob announced(const BlobStep& step) {
  Blob blob = step.from;
  blob.location.clear();  // which is the source's
  blob.digest = step.result;
  blob.compression = step.layer ? std::optional(step.compression) : blob.compression;
  if (step.recode != Recode::none) {
    blob.size = -1;
    blob.annotations.clear();
  }
  return blob;
}

ReuseFinder::ReuseFinder(cache::BlobInfoCache* cache, const Reference& from, const Reference& to)
    : cache_(cache),
      from_transport_(from.transport()),
      from_scope_(from.cache_scope().value_or("")),
      from_location_(location_of(from)),
      to_transport_(to.transport()),
      to_scope_(to.cache_scope().value_or("")),
      to_location_(location_of(to)) {}

std::optional<Reuse> ReuseFinder::wanted(const BlobStep& step) const {
  Reuse want;
  bool known = true;
  if (*step.from.digest != step.original.digest && step.layer) {
    // The layer as the manifest has it may be there although the source holds another form of it.
    want.blob = step.original.to_blob();
    want.blob.layer_index = step.from.layer_index;
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

void ReuseFinder::add_substitutes(const BlobStep& step, Reuse& want) const {
  if (cache_ == nullptr) return;
  const bool substitute = step.recode == Recode::gzip;
  for (const auto& known :
       cache_->candidates(to_transport_, to_scope_, *step.from.digest, substitute)) {
    const bool same = known.digest == *step.from.digest;
    if (step.recode != Recode::none && (same || known.compression != step.compression)) continue;
    if (same && (known.location.empty() || known.location == to_location_)) continue;
    Blob blob = announced(step);
    blob.digest = known.digest;
    blob.compression = step.compression;
    if (known.location != to_location_) blob.location = known.location;
    want.candidates.push_back(std::move(blob));
  }
}

void ReuseFinder::record(const BlobStep& step, const BlobReport& report) {
  if (cache_ == nullptr || report.outcome == BlobOutcome::left_at_url) return;
  const Digest& read = *step.from.digest;
  if (report.outcome == BlobOutcome::copied && step.layer) {
    if (step.recode == Recode::gzip) {
      cache_->record_pair(report.stored, read);
      cache_->record_compression(report.stored, step.compression);
      cache_->record_compression(read, "");
    } else if (step.recode == Recode::decompress && step.result) {
      cache_->record_pair(read, report.stored);
    }
    if (!from_location_.empty()) {
      cache_->record_location(from_transport_, from_scope_, read, from_location_);
    }
  }
  if (!to_location_.empty()) {
    cache_->record_location(to_transport_, to_scope_, report.stored, to_location_);
  }
}

}  // namespace sealos
