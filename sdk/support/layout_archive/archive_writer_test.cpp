#include "support/layout_archive/archive_writer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <thread>

#include "sealos/ext/draft/ordered_blobs.h"
#include "support/file/file_stream.hpp"
#include "support/layout_archive/archive_output.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

namespace {

class Signal {
 public:
  void give() {
    const std::lock_guard lock(mutex_);
    given_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    CHECK(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return given_; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool given_ = false;
};

/// Says when it is first read, waits before its end, and may fail there.
class SlowStream final : public Stream {
 public:
  SlowStream(std::string bytes, Signal& begun, Signal& end, bool fail = false)
      : inner_(memory_stream(std::move(bytes))), begun_(begun), end_(end), fail_(fail) {}
  size_t read(std::span<std::byte> into) override {
    begun_.give();
    const size_t n = inner_->read(into);
    if (n != 0) return n;
    end_.wait();
    if (fail_) throw Error(Status::unavailable, "gone").set_retryable();
    return 0;
  }

 private:
  std::unique_ptr<Stream> inner_;
  Signal &begun_, &end_;
  const bool fail_;
};

std::string text(size_t size, char seed) {
  std::string bytes(size, seed);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(seed + i * 7 + i / 300);
  return bytes;
}

const std::string kOne = text(700'000, 'a'), kTwo = text(5000, 'b'), kThree = text(1024, 'c');

Blob blob_of(const std::string& bytes, bool known = true) {
  Blob blob;
  blob.digest = digest_of(bytes);
  blob.size = known ? static_cast<std::int64_t>(bytes.size()) : -1;
  return blob;
}

struct Archive {
  TempFolder folder;
  FakeHost host;
  std::string path = folder.str("a");
  ArchiveOutput output{host.host(), ArchiveTarget(path), 0644, nullptr};

  ArchiveWriter& writer() { return output.writer(); }
  void put(const std::string& bytes, bool known = true) {
    writer().put(blob_of(bytes, known), *memory_stream(bytes));
  }
  std::string finish() {
    writer().add("index.json", "{}");
    output.commit();
    const Fd file = open_regular_beneath(folder.fd.get(), "a");
    return read_all(file.get(), "a", 1 << 22);
  }
};

/// One after another.
std::string expected() {
  Archive archive;
  for (const std::string& bytes : {kOne, kTwo, kThree}) archive.put(bytes, false);
  return archive.finish();
}

}  // namespace

TEST_CASE("blobs that are written beside each other stand in the order in which they began") {
  Archive archive;
  REQUIRE(archive.output.extension(SEALOS_ORDERED_BLOBS) != nullptr);
  CHECK(archive.output.extension("another") == nullptr);
  Signal begun, end;
  std::jthread first([&] {
    SlowStream slow(kOne, begun, end);
    archive.writer().put(blob_of(kOne), slow);
  });
  begun.wait();
  archive.put(kTwo);
  archive.put(kThree, false);
  end.give();
  first.join();
  CHECK(archive.writer().in_order());
  CHECK(archive.finish() == expected());
}

TEST_CASE("a blob that failed beside others is put again in its old place") {
  Archive archive;
  Signal begun, end;
  std::jthread first([&] {
    SlowStream slow(kOne, begun, end, true);
    CHECK_THROWS_WITH_AS(archive.writer().put(blob_of(kOne), slow), "gone", Error);
  });
  begun.wait();
  archive.put(kTwo);
  end.give();
  first.join();
  archive.put(kThree);
  CHECK_FALSE(archive.writer().in_order());
  archive.put(kOne);
  CHECK(archive.writer().in_order());
  CHECK(archive.finish() == expected());
}

TEST_CASE("a blob of another size than said gets no byte more, and its place when it comes again") {
  for (const std::int64_t said : {700'001, 699'999, 1, 0}) {
    CAPTURE(said);
    Archive archive;
    Blob wrong = blob_of(kOne);
    wrong.size = said;
    Signal begun, end;
    std::jthread first([&] {
      end.wait();
      SlowStream slow(kOne, begun, end);
      CHECK_THROWS_AS(archive.writer().put(wrong, slow), Error);
    });
    // Its room is taken first.
    end.give();
    first.join();
    archive.put(kTwo);
    archive.put(kThree);
    archive.put(kOne, false);
    CHECK_FALSE(archive.writer().in_order());
    CHECK(archive.finish() == expected());
  }
}

TEST_CASE("a stream that goes on leaves what stands behind it alone") {
  Archive archive;
  Blob wrong = blob_of(kOne);
  wrong.size = 1000;
  Signal begun, end;
  std::jthread first([&] {
    SlowStream slow(kOne.substr(0, 900), begun, end, true);
    CHECK_THROWS_AS(archive.writer().put(wrong, slow), Error);
  });
  begun.wait();
  archive.put(kTwo);
  end.give();
  first.join();
  CHECK_THROWS_AS(archive.writer().put(wrong, *memory_stream(kOne.substr(0, 3000))), Error);
  SlowStream unsized(kOne, begun, end);
  CHECK_THROWS_AS(archive.writer().put(wrong, unsized), Error);
  archive.put(kThree);
  archive.put(kOne);
  CHECK(archive.finish() == expected());
}

TEST_CASE("the same blob twice at a time is there once, and has to be there in the end") {
  for (const bool fail : {false, true}) {
    Archive archive;
    Signal begun, end;
    std::jthread first([&] {
      SlowStream slow(kOne, begun, end, fail);
      try {
        archive.writer().put(blob_of(kOne), slow);
      } catch (const Error&) {
        CHECK(fail);
      }
    });
    begun.wait();
    Blob unnamed;
    CHECK(archive.writer().put(blob_of(kOne), *memory_stream(kOne)).size == 700'000);
    CHECK(archive.writer().put(unnamed, *memory_stream(kOne)).digest == digest_of(kOne));
    CHECK(archive.writer().put(unnamed, *memory_stream(kTwo)).digest == digest_of(kTwo));
    end.give();
    first.join();
    archive.put(kThree);
    if (fail) {
      CHECK_THROWS_WITH_AS(archive.finish(), doctest::Contains("never came"), Error);
      archive.put(kOne);
      archive.output.commit();
    } else {
      CHECK(archive.finish() == expected());
    }
  }
}
