#include "core/copy/blob_copier.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <mutex>
#include <random>

#include "core/stream/verified.hpp"
#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

/// Remembers what a source threw while a destination was reading it, so that the failure is blamed
/// on the source though it surfaces in put_blob.
class BlameStream final : public Stream {
 public:
  BlameStream(std::unique_ptr<Stream> from, std::optional<Error>& failure)
      : from_(std::move(from)), failure_(failure) {}

  size_t read(std::span<std::byte> into) override {
    try {
      return from_->read(into);
    } catch (const Error& e) {
      failure_ = e;
      throw;
    }
  }
  std::int64_t size() const override { return from_->size(); }
  int fd() const override { return from_->fd(); }

 private:
  std::unique_ptr<Stream> from_;
  std::optional<Error>& failure_;
};

std::unique_ptr<Stream> recode(std::unique_ptr<Stream> stream, const BlobStep& step) {
  switch (step.recode) {
    case Recode::none:
      return stream;
    case Recode::gzip:
      return compress(std::move(stream), Compression::gzip);
    case Recode::decompress:
      return decompress_any(std::move(stream));
  }
  return stream;
}

CopyError blame(Error e, Side side, const std::string& doing) {
  return {e.add_context(doing), side};
}

[[noreturn]] void refuse_other_form(const BlobStep& step) {
  throw CopyError(Error(Status::unsupported,
                        fmt::format("the source no longer has layer {} as its manifest names it, "
                                    "and the manifest must not change",
                                    step.original.digest.str())),
                  Side::source);
}

}  // namespace

std::string name_of(const BlobStep& step) {
  return fmt::format("{} {}", step.from.is_config() ? "config" : "layer",
                     step.from.digest ? step.from.digest->brief() : "");
}

std::optional<Blob> BlobCopier::find_there(const BlobStep& step) {
  const std::optional<Reuse> want = reuse_.wanted(step);
  if (!want) return std::nullopt;
  try {
    return destination_.try_reuse(*want);
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

Blob BlobCopier::put(size_t number, const BlobStep& step, const std::string* config) {
  std::optional<Error> source_failure;
  Expectation expected;
  expected.digest = step.from.digest;
  expected.size = step.from.size;
  expected.what = name_of(step);
  expected.cancel = &cancel_;
  expected.on_bytes = [this, number](std::int64_t n) { progress_.advanced(number, n); };
  try {
    std::unique_ptr<Stream> stream = open(step, config);
    try {
      stream = verified(std::move(stream), std::move(expected));
    } catch (Error& e) {
      throw blame(e, Side::source, "reading");
    }
    stream = recode(std::move(stream), step);
    if (step.recode == Recode::decompress && step.result) {
      Expectation plain;
      plain.digest = step.result;
      plain.what = "decompressed " + name_of(step);
      stream = verified(std::move(stream), std::move(plain));
    }
    BlameStream blamed(std::move(stream), source_failure);
    return destination_.put_blob(announced(step), blamed);
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

BlobReport BlobCopier::copy(size_t number, const BlobStep& step, const std::string* config) {
  const auto start = std::chrono::steady_clock::now();
  BlobReport report{step.original.digest,
                    name_of(step),
                    BlobOutcome::copied,
                    step.original.digest,
                    step.original.size,
                    std::nullopt,
                    0,
                    std::chrono::milliseconds{},
                    step.why};
  const auto finish = [&] {
    report.time = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    reuse_.record(step, report);
    progress_.finished(number, report.outcome);
    return report;
  };
  progress_.started(number, report.what, step.from.size);
  if (step.by_url) {
    report.outcome = BlobOutcome::left_at_url;
    return finish();
  }
  bool absent = false;  // the destination has answered that it does not have the blob
  while (true) {
    try {
      cancel_.throw_if_cancelled();
      std::optional<Blob> stored;
      if (!absent) stored = find_there(step);
      if (stored) report.outcome = BlobOutcome::reused;
      absent = !stored;
      if (!stored && step.must_reuse) refuse_other_form(step);
      if (!stored) stored = put(number, step, config);
      report.compression = stored->compression;
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
