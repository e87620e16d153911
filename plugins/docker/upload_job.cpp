#include "upload_job.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "upload.hpp"

namespace sealos::docker {
namespace {

/// Uploads below this size are not worth a note on the disk.
constexpr std::int64_t kWorthNoting = 1 << 20;

}  // namespace

/// The registry answered, and refused.
class UploadJob::Refused : public Error {
 public:
  Refused(const Problem& problem, const std::string& doing)
      : Error(problem.error(doing)), http_status(problem.http_status) {
    // Also what docker-registry 2.8 says of every upload that was cut inside a request.
    session_lost = problem.has("BLOB_UPLOAD_UNKNOWN") || problem.has("BLOB_UPLOAD_INVALID");
    wrong_digest = problem.has("DIGEST_INVALID");
  }
  int http_status;
  bool session_lost, wrong_digest;
};

UploadJob::UploadJob(Registry& registry, Journal& journal, UploadHabits& habits, const Blob& blob,
                     Stream& from)
    : registry_(registry),
      journal_(journal),
      habits_(habits),
      doing_(fmt::format("writing {} to {}", blob.digest ? blob.digest->brief() : "a new blob",
                         registry.repository())),
      digest_(blob.digest),
      size_(from.size() >= 0 ? from.size() : (blob.digest ? blob.size : -1)),
      source_(from, !blob.digest),
      session_(registry, doing_) {}

UploadJob::~UploadJob() {
  if (there_ || keep_) return;
  session_.cancel();
  if (digest_) journal_.forget(*digest_);
}

Blob UploadJob::run() {
  take_up();
  Tries tries(registry_.retries());
  while (!there_) {
    try {
      attempt();
      complete();
    } catch (const Refused& e) {
      recover(e, &e, tries);
    } catch (const Error& e) {
      recover(e, nullptr, tries);
    }
  }
  journal_.forget(*digest_);
  Blob written;
  written.digest = digest_;
  written.size = size_ >= 0 ? size_ : source_.taken();
  written.location = registry_.repository();
  return written;
}

/// Goes on with what an earlier run, or an earlier try of the caller, has left.
void UploadJob::take_up() {
  if (!digest_ || size_ < 0) return;
  const auto address = journal_.find(*digest_);
  if (!address) return;
  try {
    session_.take_over(http::Url::parse(*address));
    const auto at = session_.status();
    if (at && *at <= size_) {
      offset_ = *at;
      went_on_ = true;
      registry_.host().info(
          fmt::format("{}: going on behind {} of {} bytes", doing_, offset_, size_));
      return;
    }
    // What the registry was still checking when it was asked first may be complete by now.
    there_ = head_blob(registry_, registry_.path(), *digest_).has_value();
    if (there_) return;
  } catch (const Error& e) {
    if (e.status() == Status::cancelled) {
      keep_ = true;
      throw;
    }
    registry_.host().debug(e.message());
  }
  start_over();
}

void UploadJob::start_over() {
  session_.cancel();
  offset_ = 0;
  went_on_ = false;
  if (digest_) journal_.forget(*digest_);
}

void UploadJob::open() {
  if (session_.is_open()) return;
  session_.start();
  offset_ = 0;
  if (session_.least_chunk() > 0) habits_.at_least(session_.least_chunk());
  if (digest_ && size_ >= kWorthNoting) journal_.note(*digest_, session_.address().str());
}

void UploadJob::attempt() {
  habit_ = habits_.get();
  const bool needs_size = habit_.way != UploadWay::patch || habit_.needs_length;
  const bool needs_digest = habit_.way == UploadWay::put;
  if ((needs_size && size_ < 0) || (needs_digest && !digest_)) {
    size_ = source_.spool(registry_.host().temp_dir());
    if (!digest_) digest_ = source_.digest();
  }
  if (needs_digest && offset_ > 0) start_over();
  open();
  habit_ = habits_.get();
  sending_ = true;
  switch (habit_.way) {
    case UploadWay::patch:
      send_whole();
      break;
    case UploadWay::put:
      send_by_put();
      break;
    case UploadWay::chunks:
      send_chunks();
      break;
  }
  sending_ = false;
}

void UploadJob::send_whole() {
  source_.go_to(offset_);
  if (offset_ > 0 && offset_ == size_) return source_.expect_end();
  Session::Body body{&source_, size_ < 0 ? -1 : size_ - offset_, true, offset_ > 0 ? offset_ : -1};
  http::Response response = session_.patch(body);
  check(response);
  offset_ = size_ < 0 ? source_.taken() : size_;
}

void UploadJob::send_chunks() {
  if (offset_ == size_) {
    source_.go_to(offset_);
    return source_.expect_end();
  }
  while (offset_ < size_) {
    const std::int64_t part = std::min(habit_.chunk, size_ - offset_);
    const bool last = offset_ + part == size_;
    source_.go_to(offset_);
    source_.limit(last ? -1 : part);
    http::Response response = session_.patch({&source_, part, last, offset_});
    check(response);
    offset_ += part;
    if (digest_ && !last) journal_.note(*digest_, session_.address().str());
  }
}

void UploadJob::send_by_put() {
  source_.go_to(0);
  http::Response response = session_.put(*digest_, {&source_, size_, true, -1});
  check(response);
  there_ = true;
}

void UploadJob::check(http::Response& response) {
  if (!response.ok()) throw Refused(Problem::of(response), doing_);
  response.finish();
  asked_again_ = false;
}

void UploadJob::complete() {
  if (there_) return;
  if (!digest_) digest_ = source_.digest();
  http::Response response = session_.put(*digest_);
  const auto said = Digest::parse(response.headers().text("Docker-Content-Digest"));
  if (response.ok() && said && said->algorithm() == digest_->algorithm() && *said != *digest_) {
    session_.closed();
    throw Error(Status::corrupt,
                fmt::format("{}: the registry says it got {}", doing_, said->str()));
  }
  if (!response.ok()) {
    // Some complete an upload with its last PATCH; and an answer to a PUT may have been lost.
    const Refused refused(Problem::of(response), doing_);
    if (!head_blob(registry_, registry_.path(), *digest_)) throw refused;
  } else {
    response.finish();
  }
  session_.closed();
  there_ = true;
}

bool UploadJob::change_way(const Refused& refused) {
  if (!sending_ || refused.session_lost || refused.wrong_digest ||
      !is_refused_way(refused.http_status) || !habits_.refuse(habit_))
    return false;
  registry_.host().info(fmt::format("{}; uploading in another way", refused.message()));
  start_over();
  return true;
}

/// Returns if another attempt is to be made, else throws.
void UploadJob::recover(const Error& error, const Refused* refused, Tries& tries) {
  if (source_.failed() || error.status() == Status::cancelled) give_up(error);
  if (refused != nullptr && refused->http_status == 401 && !asked_again_) {
    // The token ended on the way; the next request has a new one.
    asked_again_ = true;
    if (!can_rewind()) leave_to_caller(error);
    return find_position(tries);
  }
  if (refused != nullptr && refused->wrong_digest && went_on_) {
    // What the registry had was not the beginning of this blob.
    start_over();
    if (!can_rewind()) leave_to_caller(error);
    return;
  }
  if (refused != nullptr && change_way(*refused)) {
    if (!can_rewind()) leave_to_caller(error);
    return;
  }
  const bool lost = refused != nullptr && refused->session_lost;
  const int http_status = refused != nullptr && !lost ? refused->http_status : 0;
  Error failure = error;
  if (lost) failure.set_retryable();
  if (!registry_.retries().covers(failure, http_status)) give_up(error);
  if (lost) {
    session_.closed();
    start_over();
  }
  if (!can_rewind()) leave_to_caller(failure);
  try {
    tries.again_or_throw(failure, http_status);
    find_position(tries);
  } catch (const Error& e) {
    give_up(e);
  }
}

void UploadJob::find_position(Tries& tries) {
  sending_ = false;
  const auto at = session_.is_open() ? session_.status() : std::nullopt;
  // An upload that is gone may have been completed, and only the answer was lost.
  if (!at && digest_ && head_blob(registry_, registry_.path(), *digest_)) {
    there_ = true;
    return;
  }
  if (!at || (size_ >= 0 && *at > size_)) return start_over();
  if (*at - offset_ >= kProgress) tries.reset();
  offset_ = *at;
  went_on_ = true;
}

/// The stream is used up. The caller opens it again and comes back.
void UploadJob::leave_to_caller(const Error& error) {
  keep_ = digest_.has_value() && session_.is_open();
  if (keep_) journal_.note(*digest_, session_.address().str());
  Error again = error;
  throw again.set_retryable(error.retry_after_ms());
}

void UploadJob::give_up(const Error& error) {
  const bool passing = error.status() == Status::unavailable || error.status() == Status::cancelled;
  keep_ = passing && digest_ && size_ >= kWorthNoting && session_.is_open();
  if (source_.failed()) throw error;
  Error told = error;
  if (error.status() != Status::cancelled && !error.message().starts_with(doing_))
    told.add_context(doing_);
  throw told;
}

}  // namespace sealos::docker
