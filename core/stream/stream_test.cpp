#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "core/stream/side_reader.hpp"
#include "core/stream/verified.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/testing/temp_folder.hpp"

using sealos::Error;
using sealos::Expectation;
using sealos::Status;
using sealos::Stream;
using sealos::testing::TempFolder;

namespace {

/// Bytes of unknown length, as a network gives them.
class Pipe : public Stream {
 public:
  explicit Pipe(std::string bytes, bool fail = false)
      : inner_(sealos::memory_stream(std::move(bytes))), fail_(fail) {}
  size_t read(std::span<std::byte> into) override {
    const size_t n = inner_->read(into.first(std::min<size_t>(into.size(), 1000)));
    if (n == 0 && fail_) throw Error(Status::unavailable, "gone").set_retryable(5);
    return n;
  }

 private:
  std::unique_ptr<Stream> inner_;
  bool fail_;
};

std::string pattern(size_t size) {
  std::string text(size, 0);
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

/// "memory" (small, inline), "pipe" (a thread), "file" (a descriptor).
struct Maker {
  TempFolder folder;
  std::unique_ptr<Stream> make(const std::string& kind, const std::string& bytes) {
    if (kind == "memory") return sealos::memory_stream(bytes);
    if (kind == "pipe") return std::make_unique<Pipe>(bytes);
    sealos::replace_file(folder.fd.get(), "f", bytes);
    return sealos::file_stream(sealos::open_regular_beneath(folder.fd.get(), "f"), "f");
  }
};

Expectation expect(const std::string& bytes) {
  Expectation e;
  e.digest = sealos::digest_of(bytes);
  e.size = static_cast<std::int64_t>(bytes.size());
  e.what = "blob";
  return e;
}

std::string read_to_end(Stream& stream) { return sealos::read_stream(stream, 1 << 26, "stream"); }

}  // namespace

TEST_CASE("right bytes come through, however they arrive") {
  Maker maker;
  for (const char* kind : {"memory", "pipe", "file"}) {
    for (const size_t size : {0, 1, 1000, 300000, 2000001}) {
      CAPTURE(kind);
      CAPTURE(size);
      const std::string bytes = pattern(size);
      std::atomic<std::int64_t> counted = 0;
      Expectation e = expect(bytes);
      e.on_bytes = [&](std::int64_t n) { counted += n; };
      const auto stream = sealos::verified(maker.make(kind, bytes), e);
      CHECK(read_to_end(*stream) == bytes);
      std::byte one[1];
      CHECK(stream->read(one) == 0);
      CHECK(counted == static_cast<std::int64_t>(size));
    }
  }
}

TEST_CASE("a stream among many is checked as one alone, also when the others end before it") {
  const std::string bytes = pattern(700'000);
  std::vector<std::unique_ptr<Stream>> many;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency() + 2; ++i)
    many.push_back(sealos::verified(std::make_unique<Pipe>(bytes), expect(bytes)));
  const auto wrong = sealos::verified(std::make_unique<Pipe>(bytes), expect(pattern(700'001)));
  std::vector<std::byte> buffer(100'000);
  std::string begun;
  while (begun.size() < 300'000) {
    const size_t n = many.front()->read(buffer);
    begun.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  for (size_t i = 1; i < many.size(); ++i) CHECK(read_to_end(*many[i]) == bytes);
  CHECK_THROWS_AS(read_to_end(*wrong), Error);
  many.resize(1);
  CHECK(begun + read_to_end(*many.front()) == bytes);
}

TEST_CASE("wrong digests and sizes end in an error that names the blob") {
  Maker maker;
  const std::string bytes = pattern(300001);
  for (const char* kind : {"memory", "pipe", "file"}) {
    for (const bool reader_has_threads : {false, true}) {
      CAPTURE(kind);
      CAPTURE(reader_has_threads);
      Expectation right = expect(bytes);
      right.reader_has_threads = reader_has_threads;
      CHECK(read_to_end(*sealos::verified(maker.make(kind, bytes), right)) == bytes);
      Expectation wrong_digest = right;
      wrong_digest.digest = sealos::digest_of("other");
      CHECK_THROWS_WITH_AS(read_to_end(*sealos::verified(maker.make(kind, bytes), wrong_digest)),
                           doctest::Contains("blob has digest"), Error);
      for (const int delta : {-1, 1}) {
        Expectation wrong_size = right;
        wrong_size.size += delta;
        CHECK_THROWS_AS(read_to_end(*sealos::verified(maker.make(kind, bytes), wrong_size)), Error);
      }
    }
  }
}

TEST_CASE("bytes taken through the descriptor are checked by the one read that follows") {
  Maker maker;
  const std::string bytes = pattern(1 << 20);
  for (const bool right : {true, false}) {
    Expectation e = expect(bytes);
    if (!right) e.digest = sealos::digest_of("other");
    const auto stream = sealos::verified(maker.make("file", bytes), e);
    REQUIRE(stream->fd() >= 0);
    const sealos::Fd to = sealos::open_at(maker.folder.fd.get(), "to", O_RDWR | O_CREAT | O_TRUNC);
    if (right) {
      CHECK(sealos::copy_to_file(*stream, to.get(), "to") == 1 << 20);
    } else {
      CHECK_THROWS_AS(sealos::copy_to_file(*stream, to.get(), "to"), Error);
    }
  }
}

TEST_CASE("an error of the source keeps its status and advice") {
  try {
    read_to_end(*sealos::verified(std::make_unique<Pipe>(pattern(5000), true), Expectation{}));
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(e.status() == Status::unavailable);
    CHECK(e.retry_after_ms() == 5);
  }
}

TEST_CASE("cancelling ends a stream, and dropping one half-way does not hang") {
  Maker maker;
  const std::string bytes = pattern(3000000);
  sealos::CancelToken cancel;
  for (const char* kind : {"pipe", "file"}) {
    const auto dropped = sealos::verified(maker.make(kind, bytes), expect(bytes));
    std::byte one[1];
    CHECK(dropped->read(one) == 1);
  }
  cancel.cancel();
  Expectation e = expect(bytes);
  e.cancel = &cancel;
  const auto stream = sealos::verified(maker.make("pipe", bytes), e);
  CHECK_THROWS_AS(read_to_end(*stream), Error);
}

TEST_CASE(
    "a second reader sees the same bytes, may leave early, and its failure comes at the end") {
  const std::string bytes = pattern(3'000'000);
  std::string seen;
  sealos::SideReader all(std::make_unique<Pipe>(bytes), [&](Stream& same) {
    seen = sealos::read_stream(same, bytes.size(), "it");
  });
  CHECK(sealos::read_stream(all, bytes.size(), "it") == bytes);
  CHECK(seen == bytes);
  sealos::SideReader early(std::make_unique<Pipe>(bytes), [](Stream&) {});
  CHECK(sealos::read_stream(early, bytes.size(), "it") == bytes);
  sealos::SideReader failing(std::make_unique<Pipe>(bytes),
                             [](Stream&) { throw Error(Status::corrupt, "not this"); });
  CHECK_THROWS_WITH_AS(sealos::read_stream(failing, bytes.size(), "it"), "not this", Error);
  std::vector<std::byte> piece(1000);
  bool cancelled = false;
  {
    sealos::SideReader dropped(std::make_unique<Pipe>(bytes), [&](Stream& same) {
      try {
        sealos::read_stream(same, bytes.size(), "it");
      } catch (const Error& e) {
        cancelled = e.status() == Status::cancelled;
      }
    });
    dropped.read(piece);
  }
  CHECK(cancelled);
}
