#include "support/layer_tar/tar_split.hpp"

#include <doctest/doctest.h>

#include "support/base64/base64.hpp"
#include "support/file/file_stream.hpp"

using namespace sealos;
using namespace sealos::layer_tar;

namespace {

std::vector<TarSplitEntry> read_lines(const std::string& text) {
  TarSplitReader reader(memory_stream(text), "test");
  std::vector<TarSplitEntry> out;
  TarSplitEntry entry;
  while (reader.next(entry)) {
    out.push_back(entry);
    out.back().payload = {};  // lives no longer than the call
  }
  return out;
}

}  // namespace

TEST_CASE("lines as Go writes them are read") {
  const auto entries = read_lines(
      "{\"type\":2,\"payload\":\"AAAA\",\"position\":0}\n"
      "{\"type\":1,\"name\":\"bin/sh\",\"size\":12,\"payload\":\"uQlWx3WkEAE=\",\"position\":1}\n"
      "{\"type\":1,\"name\":\"etc/\",\"payload\":null,\"position\":2}\n"
      "{\"type\":1,\"name\":\"dir\",\"size\":4,\"payload\":\"AAAAAAAAAAA=\",\"position\":3}\n"
      "{\"type\":2,\"payload\":\"\",\"position\":4}\n");
  REQUIRE(entries.size() == 5);
  CHECK_FALSE(entries[0].is_file);
  CHECK(entries[1].name == "bin/sh");
  CHECK(entries[1].size == 12);
  CHECK_FALSE(entries[1].crc_zero);
  CHECK(entries[2].size == 0);
  CHECK(entries[3].crc_zero);
}

TEST_CASE("escapes, raw names and other orders of keys are read") {
  const auto entries = read_lines(
      "{\"type\":1,\"name\":\"a\\u003cb\",\"size\":1,\"payload\":null,\"position\":0}\n"
      "{\"type\":1,\"name_raw\":\"/2E=\",\"payload\":null,\"position\":1}\n"
      "{ \"position\":2, \"payload\":\"AAAA\", \"type\":2 }");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].name == "a<b");
  CHECK(entries[1].name ==
        "\xff"
        "a");
  CHECK_FALSE(entries[2].is_file);
}

TEST_CASE("a long line is read, and nonsense refused") {
  const std::string bytes(300000, 'z');
  TarSplitReader reader(
      memory_stream("{\"type\":2,\"payload\":\"" + encode_base64(bytes) + "\",\"position\":0}\n"),
      "test");
  TarSplitEntry entry;
  REQUIRE(reader.next(entry));
  std::string back;
  REQUIRE(append_from_base64(back, entry.payload));
  CHECK(back == bytes);
  for (const char* bad : {"x\n", "{}\n", "{\"type\":3,\"payload\":null,\"position\":0}\n",
                          "{\"type\":1,\"name\":\"a\",\"size\":-1,\"payload\":null,\"position\":0}",
                          "{\"type\":1,\"name\":\"a\",\"si"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(read_lines(bad), Error);
  }
}
