#include "core/copy/blob_copier.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <random>

#include "core/copy/layer_watch.hpp"
#include "core/copy/recoder.hpp"
#include "core/copy/said_size.hpp"
#include "core/stream/verified.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

/// Remembers what a source threw while a destination was reading it, so that the failure is blamed
/// on the source though it surfaces in put_blob. Whoever reads it has the blob's place.
class BlameStream final : public Stream {
 public:
  BlameStream(Recoder& from, std::optional<Error>& failure, Turn* turn)
      : from_(from.stream()), failure_(failure), turn_(turn) {}

  size_t read(std::span<std::byte> into) override {
    if (turn_ != nullptr) turn_->pass();
    try {
      return from_.read(into);
    } catch (const Error& e) {
      failure_ = e;
      throw;
    }
  }
  std::int64_t size() const override { return from_.size(); }
  int fd() const override { return from_.fd(); }

 private:
  Stream& from_;
  std::optional<Error>& failure_;
  Turn* const turn_;  // nullptr: not before the whole blob is there
};

CopyError blame(Error e, Side side, const std::string& doing) {
  return {e.add_context(doing), side};
}

void complete(Blob& used, const Reuse& want) {
  const auto take = [&](const Blob& known) {
    if (known.digest != used.digest) return false;
    used.annotations = known.annotations;
    if (!used.compression) used.compression = known.compression;
    return true;
  };
  if (take(want.blob)) return;
  for (const Blob& candidate : want.candidates) {
    if (take(candidate)) return;
  }
}

[[noreturn]] void refuse_other_form(const BlobStep& step) {
  throw CopyError(Error(Status::unsupported,
                        fmt::format("the source does not have layer {} as its manifest names it, "
                                    "and {}",
                                    step.original.digest.str(), step.why)),
                  Side::request);
}

}  // namespace

std::string name_of(const BlobStep& step) {
  return fmt::format("{} {}", step.from.is_config() ? "config" : "layer",
                     step.from.digest ? step.from.digest->brief() : "");
}

std::optional<Blob> BlobCopier::find_there(const BlobStep& step, BlobReport& report) {
  if (step.find_plain) {
    report.plain = reuse_.plain_of(step);
    if (!report.plain) return std::nullopt;  // the layer has to be read
  }
  const std::optional<Reuse> want = reuse_.wanted(step);
  if (!want) return std::nullopt;
  try {
    std::optional<Blob> used = destination_.try_reuse(*want);
    // Destinations say which one they use, but not all of what is known of it.
    if (used) complete(*used, *want);
    return used;
  } catch (Error& e) {
    throw blame(e, Side::destination, "looking for " + name_of(step));
  }
}

std::unique_ptr<Stream> BlobCopier::open(const BlobStep& step, const std::string* config) {
  if (config != nullptr) return memory_stream(*config);
  try {
    return source_.open_blob(step.from);
  } catch (Error& e) {
    throw blame(e, Side::source, "opening " + name_of(step));
  }
}

Blob BlobCopier::put(size_t number, BlobStep& step, const std::string* config, BlobReport& report,
                     std::atomic<std::int64_t>& read, Turn& turn) {
  BlobStep first = step;
  auto stored = put_once(number, first, config, report, read, turn, turn.matters());
  if (stored) {
    step = std::move(first);
    return *std::move(stored);
  }
  return put_once(number, step, config, report, read, turn, false).value();
}

/// by_said_size: the destination is told a size that may be wrong; nullopt: it was.
std::optional<Blob> BlobCopier::put_once(size_t number, BlobStep& step, const std::string* config,
                                         BlobReport& report, std::atomic<std::int64_t>& read,
                                         Turn& turn, bool by_said_size) {
  std::optional<Error> source_failure;
  Expectation expected;
  expected.digest = step.from.digest;
  expected.size = step.from.size;
  expected.what = name_of(step);
  expected.cancel = &cancel_;
  expected.reader_has_threads = step.recode == Recode::compress;
  expected.on_bytes = [this, number, &read](std::int64_t n) {
    read += n;
    progress_.advanced(number, n);
  };
  try {
    std::unique_ptr<Stream> stream = open(step, config);
    try {
      stream = verified(std::move(stream), std::move(expected));
    } catch (Error& e) {
      throw blame(e, Side::source, "reading");
    }
    std::optional<std::int64_t> said;
    if (by_said_size) said = said_size(source_, step, *stream);
    // Before what uses it.
    const auto scanner = watch_ == nullptr ? nullptr : watch_->scanner_for(step);
    std::optional<Recoder> recoder;
    try {
      // It looks at the first bytes.
      recoder.emplace(std::move(stream), step, recipients_,
                      scanner ? watch_->tap(step, scanner.get()) : LayerTap());
    } catch (const CopyError&) {
      throw;
    } catch (Error& e) {
      throw blame(e, Side::source, "reading " + name_of(step));
    }
    step = recoder->step();
    Blob blob = announced(step);
    if (blob.size >= 0 || step.recode != Recode::decompress || !blob.digest) said.reset();
    if (said) blob.size = *said;
    BlameStream blamed(*recoder, source_failure, blob.size >= 0 ? &turn : nullptr);
    SaidSizeStream sized(blamed, blob.size);
    Blob stored;
    try {
      stored = destination_.put_blob(blob, said ? static_cast<Stream&>(sized) : blamed);
    } catch (const Error&) {
      if (!sized.was_wrong()) throw;
      return std::nullopt;
    }
    stored.annotations = recoder->annotations();
    if (step.layer) stored.compression = recoder->compression();
    report.plain = recoder->plain_digest();
    if (scanner) watch_->keep(step, *scanner);
    return stored;
  } catch (const CopyError&) {
    throw;
  } catch (Error& e) {
    if (source_failure) throw blame(*source_failure, Side::source, "reading " + name_of(step));
    throw blame(e, Side::destination, "writing " + name_of(step));
  }
}

void BlobCopier::wait_before_retry(unsigned attempt, const Error& why) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto backoff = std::chrono::milliseconds(1000 << std::min(attempt, 5u));
  auto wait = retry_.delay.value_or(backoff);
  wait = std::max(wait,
                  std::chrono::milliseconds(std::min<std::int64_t>(why.retry_after_ms(), 60000)));
  wait +=
      std::chrono::milliseconds(std::uniform_int_distribution<long>(0, wait.count() / 10)(random));
  pollfd cancelled{cancel_.fd(), POLLIN, 0};
  ::poll(&cancelled, 1, static_cast<int>(wait.count()));
  cancel_.throw_if_cancelled();
}

BlobReport BlobCopier::begin(const BlobStep& step) const {
  BlobReport report{step.original.digest,
                    name_of(step),
                    BlobOutcome::copied,
                    step.original.digest,
                    step.original.size,
                    std::nullopt,
                    {},
                    std::nullopt,
                    0,
                    std::chrono::milliseconds{},
                    step.why};
  report.config = step.from.is_config();
  report.recoded = changes_bytes(step);
  report.source_size = step.from.size;
  if (step.layer) report.source_compression = step.from.compression;
  if (step.by_url) report.outcome = BlobOutcome::left_at_url;
  return report;
}

/// A blob that the destination has, or has mounted.
void BlobCopier::take(BlobReport& report, const BlobStep& step, const Blob& there) const {
  const bool elsewhere = !there.location.empty() && there.location != reuse_.destination();
  report.outcome = elsewhere ? BlobOutcome::mounted : BlobOutcome::reused;
  if (elsewhere) report.mounted_from = there.location;
  const bool same = there.digest == step.original.digest;
  report.why = same ? "the destination has it" : "the destination has the same content";
  if (elsewhere) report.why = "the destination can mount it from " + there.location;
}

BlobReport BlobCopier::preview(const BlobStep& step) {
  BlobReport report = begin(step);
  if (step.by_url) return report;
  cancel_.throw_if_cancelled();
  if (const std::optional<Blob> there = find_there(step, report)) {
    take(report, step, *there);
    report.stored = *there->digest;
    report.compression = there->compression;
    report.annotations = there->annotations;
    if (there->size >= 0) report.size = there->size;
    return report;
  }
  if (step.must_reuse) refuse_other_form(step);
  if (step.layer) report.compression = step.compression;
  report.digest_known = step.result.has_value();
  if (step.result) report.stored = *step.result;
  report.size = step.recode == Recode::none ? step.from.size : -1;  // encrypted as many bytes
  return report;
}

BlobReport BlobCopier::copy(size_t number, const BlobStep& step, const std::string* config,
                            Turn& turn) {
  turn.wait();
  const auto start = std::chrono::steady_clock::now();
  BlobReport report = begin(step);
  std::atomic<std::int64_t> read = 0;
  BlobStep done = step;
  const auto finish = [&] {
    report.time = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    report.read = read;
    reuse_.record(done, report);
    progress_.finished(number, report);
    return report;
  };
  progress_.started(number, report);
  if (step.by_url) return finish();
  bool absent = false;  // the destination has answered that it does not have the blob
  while (true) {
    try {
      cancel_.throw_if_cancelled();
      std::optional<Blob> stored;
      if (!absent) stored = find_there(step, report);
      if (stored) take(report, step, *stored);
      absent = !stored;
      if (!stored && step.must_reuse) refuse_other_form(step);
      if (!stored) {
        done = step;
        stored = put(number, done, config, report, read, turn);
        report.recoded = changes_bytes(done);
        report.why = done.why;
      }
      report.compression = stored->compression;
      report.annotations = std::move(stored->annotations);
      report.stored = *stored->digest;
      if (stored->size >= 0) report.size = stored->size;
      return finish();
    } catch (const Error& e) {
      if (!e.retryable() || report.retries >= retry_.count || cancel_.cancelled()) throw;
      progress_.retrying(number, e);
      wait_before_retry(report.retries++, e);
    }
  }
}

}  // namespace sealos
