#include "core/isolation/message.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "sealos/sdk/guard.hpp"

using namespace sealos::isolation;

namespace {

const char* const kList[] = {"one", "", "three", nullptr};
const char* const kNothing[] = {nullptr};

sealos_blob example_blob() {
  sealos_blob blob{};
  blob.struct_size = sizeof(blob);
  blob.flags = SEALOS_BLOB_CONFIG;
  blob.digest = "sha256:44";
  blob.size = 1234567890123;
  blob.compression = "";
  blob.urls = kList;
  blob.annotations = kNothing;
  blob.layer_index = -1;
  return blob;
}

Writer example() {
  const char bytes[] = {'a', 0, 'b'};
  Writer writer;
  writer.number(std::int64_t{-5}).text("text").text(nullptr).texts(kList).texts(nullptr);
  writer.blob(example_blob()).item({"label", bytes, 3});
  return writer;
}

void read_example(const std::vector<char>& content) {
  Reader reader(content);
  reader.number();
  reader.text();
  reader.text();
  reader.texts();
  reader.texts();
  reader.blob();
  reader.item();
  reader.end();
}

}  // namespace

TEST_CASE("what was written is read, NULL and nothing apart") {
  const Writer writer = example();
  Reader reader(writer.content());
  CHECK(reader.signed_number() == -5);
  CHECK(std::string(reader.needed_text()) == "text");
  CHECK(reader.text() == nullptr);
  const auto list = reader.texts();
  REQUIRE(list.size() == 4);
  CHECK(std::string(list[2]) == "three");
  CHECK(list[3] == nullptr);
  CHECK(c_list(reader.texts()) == nullptr);
  const ReadBlob blob = reader.blob();
  CHECK(blob.c.flags == SEALOS_BLOB_CONFIG);
  CHECK(std::string(blob.c.digest) == "sha256:44");
  CHECK(blob.c.size == 1234567890123);
  CHECK(blob.c.media_type == nullptr);
  CHECK(std::string(blob.c.compression).empty());
  CHECK(std::string(blob.c.urls[0]) == "one");
  REQUIRE(blob.c.annotations != nullptr);
  CHECK(blob.c.annotations[0] == nullptr);
  CHECK(blob.c.location == nullptr);
  CHECK(blob.c.layer_index == -1);
  const sealos_item item = reader.item();
  CHECK(std::string(item.label) == "label");
  REQUIRE(item.size == 3);
  CHECK(std::memcmp(item.data, "a\0b", 3) == 0);
  CHECK_NOTHROW(reader.end());
}

TEST_CASE("an error keeps status, text and advice") {
  sealos_error error{};
  error.flags = SEALOS_ERROR_RETRYABLE;
  error.retry_after_ms = 1500;
  error.message = "two\nlines";
  Writer writer;
  writer.status(SEALOS_UNAVAILABLE, error).status(SEALOS_OK, error).status(4711, {});
  Reader reader(writer.content());
  sealos::sdk::ErrorSlot slot;
  const ReadStatus first = reader.status();
  first.fill(slot.out());
  CHECK(first.status == SEALOS_UNAVAILABLE);
  CHECK(std::string(slot.out()->message) == "two\nlines");
  CHECK(slot.out()->flags == SEALOS_ERROR_RETRYABLE);
  CHECK(slot.out()->retry_after_ms == 1500);
  CHECK(reader.status().status == SEALOS_OK);
  const ReadStatus third = reader.status();
  CHECK(third.status == 4711);
  CHECK(third.message == nullptr);
  third.fill(nullptr);
}

TEST_CASE("a message that is cut anywhere, or goes on, is refused") {
  const std::vector<char> whole = example().content();
  CHECK_NOTHROW(read_example(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_THROWS_AS(read_example(cut), BadMessage);
  }
  std::vector<char> more = whole;
  more.push_back(0);
  CHECK_THROWS_AS(read_example(more), BadMessage);
}

TEST_CASE("sizes and counts that are too large take no memory") {
  for (const std::uint64_t lie :
       {std::uint64_t{1} << 62, ~std::uint64_t{0} - 1, std::uint64_t{9}}) {
    const Writer writer = Writer().number(lie);
    CHECK_THROWS_AS(Reader(writer.content()).text(), BadMessage);
    CHECK_THROWS_AS(Reader(writer.content()).bytes(), BadMessage);
    CHECK_THROWS_AS(Reader(writer.content()).texts(), BadMessage);
  }
}

TEST_CASE("a text without its end is refused") {
  CHECK_THROWS_AS(Reader(Writer().bytes("abc", 3).content()).text(), BadMessage);
  CHECK_THROWS_AS(Reader(Writer().bytes("", 0).content()).text(), BadMessage);
  CHECK_THROWS_AS(Reader(Writer().text(nullptr).content()).needed_text(), BadMessage);
}

TEST_CASE("changed bytes are read as something or refused, and nothing else") {
  std::minstd_rand random(7);
  const std::vector<char> whole = example().content();
  for (int round = 0; round < 20000; ++round) {
    std::vector<char> changed = whole;
    for (int i = 0; i < 3; ++i)
      changed[random() % changed.size()] = static_cast<char>(random() % 4 == 0 ? random() : 255);
    try {
      read_example(changed);
    } catch (const BadMessage&) {
    }
  }
}
