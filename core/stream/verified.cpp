#include "core/stream/verified.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <thread>
#include <vector>

#include "core/stream/read_ahead.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file.hpp"

namespace sealos {
namespace {

constexpr size_t kBufferSize = 256 * 1024;
/// What is shorter than this is not worth a thread.
constexpr std::int64_t kSmall = 256 * 1024;

[[noreturn]] void wrong_size(const Expectation& expected, std::int64_t got, bool more) {
  throw Error(Status::corrupt, fmt::format("{} should have {} bytes but has {}{}", expected.what,
                                           expected.size, more ? "more than " : "", got));
}

/// Takes all bytes in order and says at the end whether they are the expected ones.
class Checker {
 public:
  explicit Checker(Expectation expected) : expected_(std::move(expected)) {
    if (expected_.digest) hasher_.emplace(expected_.digest->algorithm());
  }

  void take(std::span<const std::byte> bytes) {
    if (expected_.cancel != nullptr) expected_.cancel->throw_if_cancelled();
    seen_ += static_cast<std::int64_t>(bytes.size());
    if (expected_.size >= 0 && seen_ > expected_.size) wrong_size(expected_, expected_.size, true);
    if (hasher_) hasher_->update(bytes);
    if (expected_.on_bytes) expected_.on_bytes(static_cast<std::int64_t>(bytes.size()));
  }

  void finish() {
    if (expected_.size >= 0 && seen_ != expected_.size) wrong_size(expected_, seen_, false);
    if (!hasher_) return;
    const Digest digest = hasher_->finish();
    if (digest != *expected_.digest) {
      throw Error(Status::corrupt, fmt::format("{} has digest {}", expected_.what, digest.str()));
    }
  }

  const Expectation& expected() const { return expected_; }

 private:
  Expectation expected_;
  std::optional<Hasher> hasher_;
  std::int64_t seen_ = 0;
};

/// One read, hashed in the reader's thread; of no more than the processor still has at hand.
size_t read_checked(Stream& from, Checker& checker, std::span<std::byte> into, bool& ended) {
  if (ended) return 0;
  const size_t n = from.read(into.first(std::min(into.size(), kBufferSize)));
  if (n > 0) {
    checker.take(into.first(n));
  } else {
    checker.finish();
    ended = true;
  }
  return n;
}

/// Hashes in the reader's thread: for what is small, and where no processor is free.
class InlineStream final : public Stream {
 public:
  InlineStream(std::unique_ptr<Stream> from, std::shared_ptr<Checker> checker)
      : from_(std::move(from)), checker_(std::move(checker)) {}

  size_t read(std::span<std::byte> into) override {
    return read_checked(*from_, *checker_, into, ended_);
  }
  std::int64_t size() const override { return from_->size(); }

 private:
  std::unique_ptr<Stream> from_;
  std::shared_ptr<Checker> checker_;
  bool ended_ = false;
};

/// How many streams may have a thread each for hashing.
int threads_for(const Expectation& expected) {
  static const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  return expected.reader_has_threads ? processors / 4 : std::max(1, processors / 2);
}

/// Reads and hashes in a thread of its own, but not while so many others are read that the
/// processors are busy anyway: handing the bytes over would only cost time then.
class BesideStream final : public Stream {
 public:
  BesideStream(std::unique_ptr<Stream> from, std::shared_ptr<Checker> checker)
      : from_(std::move(from)), checker_(std::move(checker)) {
    ++open_;
  }
  ~BesideStream() override { --open_; }
  BesideStream(const BesideStream&) = delete;
  BesideStream& operator=(const BesideStream&) = delete;

  size_t read(std::span<std::byte> into) override {
    if (!ahead_ && !ended_ && open_ <= threads_for(checker_->expected())) {
      from_ = read_ahead(
          std::move(from_), [checker = checker_](auto bytes) { checker->take(bytes); },
          [checker = checker_] { checker->finish(); });
      ahead_ = true;
    }
    return ahead_ ? from_->read(into) : read_checked(*from_, *checker_, into, ended_);
  }
  std::int64_t size() const override { return from_->size(); }

 private:
  static inline std::atomic<int> open_ = 0;
  std::unique_ptr<Stream> from_;
  std::shared_ptr<Checker> checker_;
  bool ahead_ = false, ended_ = false;
};

/// Hashes a file through its descriptor, beside whoever takes the bytes.
class FileStream final : public Stream {
 public:
  FileStream(std::unique_ptr<Stream> from, std::shared_ptr<Checker> checker)
      : from_(std::move(from)),
        checker_(std::move(checker)),
        start_(::lseek(from_->fd(), 0, SEEK_CUR)),
        size_(from_->size()),
        hashing_([this] { hash(); }) {}

  ~FileStream() override { stop_ = true; }

  size_t read(std::span<std::byte> into) override {
    const off_t now = ::lseek(from_->fd(), 0, SEEK_CUR);
    if (now - start_ < size_) {
      const size_t n = from_->read(into);
      if (n > 0) return n;
    }
    if (hashing_.joinable()) hashing_.join();
    if (failure_) std::rethrow_exception(failure_);
    return 0;
  }
  std::int64_t size() const override { return from_->size(); }
  int fd() const override { return from_->fd(); }

 private:
  void hash() {
    try {
      std::vector<std::byte> buffer(kBufferSize);
      std::int64_t done = 0;
      while (done < size_ && !stop_) {
        const auto want = static_cast<size_t>(std::min<std::int64_t>(size_ - done, kBufferSize));
        const ssize_t n = ::pread(from_->fd(), buffer.data(), want, start_ + done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw errno_error(errno, "reading " + checker_->expected().what);
        if (n == 0) break;
        checker_->take({buffer.data(), static_cast<size_t>(n)});
        done += n;
      }
      if (!stop_) checker_->finish();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  std::unique_ptr<Stream> from_;
  std::shared_ptr<Checker> checker_;
  const off_t start_;
  const std::int64_t size_;
  std::atomic<bool> stop_ = false;
  std::exception_ptr failure_;  // read after the thread has ended
  std::jthread hashing_;        // last: it ends before what it uses
};

}  // namespace

std::unique_ptr<Stream> verified(std::unique_ptr<Stream> from, Expectation expected) {
  const std::int64_t size = from->size();
  if (size >= 0 && expected.size >= 0 && size != expected.size) wrong_size(expected, size, false);
  auto checker = std::make_shared<Checker>(std::move(expected));
  if ((size >= 0 && size < kSmall) || threads_for(checker->expected()) == 0) {
    return std::make_unique<InlineStream>(std::move(from), std::move(checker));
  }
  if (from->fd() >= 0 && size >= 0 && ::lseek(from->fd(), 0, SEEK_CUR) >= 0) {
    return std::make_unique<FileStream>(std::move(from), std::move(checker));
  }
  return std::make_unique<BesideStream>(std::move(from), std::move(checker));
}

}  // namespace sealos
