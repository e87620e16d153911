#include <doctest/doctest.h>

#include <condition_variable>
#include <thread>

#include "core/copy/memory_fixture.hpp"
#include "core/copy/turns.hpp"
#include "support/compression/compression.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

const std::string kGzip = kPlain + "+gzip";

std::string gzip(const std::string& plain) {
  const auto stream = compress(memory_stream(plain), Compression::gzip);
  return read_stream(*stream, 1 << 26, "gzip");
}

/// Bytes that do not compress well.
std::string noise(size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

/// Lets whoever comes wait until so many have come, or two seconds are over.
class Meeting {
 public:
  explicit Meeting(int all) : all_(all) {}
  bool come() {
    std::unique_lock lock(mutex_);
    ++come_;
    changed_.notify_all();
    return changed_.wait_for(lock, std::chrono::seconds(2), [&] { return come_ >= all_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  const int all_;
  int come_ = 0;
};

struct OrderedFixture : Fixture {
  std::vector<std::string> plain;

  OrderedFixture() {
    to.ordered = true;
    to.compression = LayerCompression::decompress;
  }
  void add_image(const std::vector<std::string>& packed) {
    from.manifests[""] = image(kGzip, packed, "amd64", plain);
  }
  void check_arrived() {
    for (const std::string& layer : plain) CHECK(to.blobs.at(digest_of(layer).str()) == layer);
  }
  std::vector<std::int64_t> sizes() const {
    std::vector<std::int64_t> out;
    for (const Blob& blob : to.begun) {
      if (!blob.is_config()) out.push_back(blob.size);
    }
    return out;
  }
};

}  // namespace

TEST_CASE("turns come one after another, whoever is early") {
  Turns turns;
  std::vector<size_t> order;
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        Turn turn(&turns, 7 - i);
        turn.wait();
        order.push_back(7 - i);
      });
    }
  }
  CHECK(order == std::vector<size_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE_FIXTURE(OrderedFixture, "layers whose size is known are written beside each other") {
  for (unsigned i = 0; i < 4; ++i) plain.push_back(noise(4000 + 1000 * i, i));
  std::vector<std::string> packed;
  for (const std::string& layer : plain) packed.push_back(gzip(layer));
  add_image(packed);
  Meeting meeting(4);
  std::atomic<int> met = 0;
  to.after_first_read = [&](const Blob& blob) {
    if (!blob.is_config() && meeting.come()) ++met;
  };
  copy();
  check_arrived();
  CHECK(met == 4);
  CHECK(sizes() == std::vector<std::int64_t>{4000, 5000, 6000, 7000});
}

TEST_CASE_FIXTURE(OrderedFixture, "a layer whose size is not known is alone") {
  to.compression = LayerCompression::compress;
  for (unsigned i = 0; i < 3; ++i) plain.push_back(noise(300000, i));
  from.manifests[""] = image(kPlain, plain);
  std::atomic<int> inside = 0, most = 0;
  to.after_first_read = [&](const Blob&) {
    most = std::max<int>(most, ++inside);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    --inside;
  };
  copy();
  CHECK(most == 1);
  CHECK(to.puts == 4);
  CHECK(sizes() == std::vector<std::int64_t>{-1, -1, -1});
}

TEST_CASE_FIXTURE(OrderedFixture, "a size that the source says wrong is found out") {
  const std::string small = noise(300, 1), zeros(200000, '\0');
  SUBCASE("the last of several members") {
    // It says 200000, which is likely, and there is more.
    plain = {small + zeros, noise(2000, 2)};
    add_image({gzip(small) + gzip(zeros), gzip(plain[1])});
  }
  SUBCASE("less than there is") {
    plain = {zeros + small, noise(2000, 2)};
    add_image({gzip(zeros) + gzip(small), gzip(plain[1])});
  }
  copy();
  check_arrived();
  const auto put = sizes();
  REQUIRE(put.size() == 3);
  CHECK(std::count(put.begin(), put.end(), -1) == 1);
}

TEST_CASE_FIXTURE(OrderedFixture, "an improbable size is not believed") {
  const std::string last = "x";
  plain = {noise(50000, 1) + last};
  add_image({gzip(noise(50000, 1)) + gzip(last)});
  copy();
  check_arrived();
  CHECK(sizes() == std::vector<std::int64_t>{-1});
}

TEST_CASE_FIXTURE(OrderedFixture, "a damaged layer fails once, as the source's fault") {
  for (unsigned i = 0; i < 3; ++i) plain.push_back(noise(100000, i));
  std::string damaged = gzip(plain[1]);
  damaged.resize(damaged.size() / 2);
  damaged += std::string("\x40\x0d\x03\x00", 4);  // says 200000
  add_image({gzip(plain[0]), damaged, gzip(plain[2])});
  CHECK(failing_side() == Side::source);
  CHECK(to.commits == 0);
  CHECK(to.aborts == 1);
}

TEST_CASE_FIXTURE(OrderedFixture, "a source that gives no parts costs only the knowledge") {
  plain = {noise(5000, 1)};
  add_image({gzip(plain[0])});
  from.no_parts = true;
  copy();
  check_arrived();
  CHECK(sizes() == std::vector<std::int64_t>{-1});
}

TEST_CASE_FIXTURE(OrderedFixture, "a layer that is tried again keeps its turn") {
  for (unsigned i = 0; i < 3; ++i) plain.push_back(noise(5000 + i, i));
  request.retry.count = 3;
  from.fail_reads = 1;  // opening the first one
  std::vector<std::string> packed;
  for (const std::string& layer : plain) packed.push_back(gzip(layer));
  add_image(packed);
  copy();
  check_arrived();
  CHECK(sizes() == std::vector<std::int64_t>{5000, 5001, 5002});
}

TEST_CASE_FIXTURE(OrderedFixture, "a layer that fails half-way is put again at the size it says") {
  for (unsigned i = 0; i < 3; ++i) plain.push_back(noise(5000 + i, i));
  request.retry.count = 1;
  std::vector<std::string> packed;
  for (const std::string& layer : plain) packed.push_back(gzip(layer));
  add_image(packed);
  std::atomic<int> fails = 1;
  to.after_first_read = [&](const Blob& blob) {
    if (blob.size == 5000 && fails-- > 0) throw Error(Status::unavailable, "busy").set_retryable();
  };
  copy();
  check_arrived();
  auto put = sizes();
  CHECK(put.front() == 5000);
  std::sort(put.begin(), put.end());
  CHECK(put == std::vector<std::int64_t>{5000, 5000, 5001, 5002});
}
