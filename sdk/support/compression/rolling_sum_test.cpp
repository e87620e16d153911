#include "support/compression/rolling_sum.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/compression/testing.hpp"

using namespace sealos;
using namespace sealos::compression_testing;

namespace {

/// As its inventor wrote it (bup's rollsum), a byte at a time.
std::vector<size_t> plain_cuts(const std::string& text) {
  std::vector<size_t> cuts;
  std::uint32_t s1 = 64 * 31, s2 = 64 * 63 * 31;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto in = static_cast<unsigned char>(text[i]);
    const auto out = static_cast<unsigned char>(i < 64 ? '\0' : text[i - 64]);
    s1 += in - out;
    s2 += s1 - 64 * (out + 31);
    if ((s2 & 0xffff) == 0xffff) cuts.push_back(i + 1);
  }
  return cuts;
}

std::vector<size_t> cuts(const std::string& text, size_t piece) {
  compression::RollingSum sum;
  std::vector<size_t> found;
  const auto bytes = std::as_bytes(std::span(text));
  for (size_t at = 0; at < bytes.size();) {
    bool cut = false;
    const size_t n = std::min(piece, bytes.size() - at);
    const size_t before = sum.scan(bytes.subspan(at, n), cut);
    CHECK((cut || before == n));
    at += before;
    if (cut) found.push_back(at);
  }
  return found;
}

}  // namespace

TEST_CASE("content is cut at the same bytes however it comes") {
  for (const std::string& text :
       {sample(1 << 20, 3), std::string(200000, '\0'), std::string(200000, '\xff')}) {
    const std::vector<size_t> expected = plain_cuts(text);
    if (text[0] != text[1]) CHECK(expected.size() > 4);
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{63}, size_t{64}, size_t{65},
                               size_t{1000}, size_t{70000}, text.size()}) {
      CAPTURE(piece);
      CHECK(cuts(text, piece) == expected);
    }
  }
}

TEST_CASE("a cut hardly moves with what stands before it") {
  const std::string text = sample(1 << 19, 5);
  const std::vector<size_t> here = cuts(text, 4096), there = cuts("xyz" + text, 4096);
  REQUIRE(here.size() > 3);
  REQUIRE(here.size() == there.size());
  for (size_t i = 0; i < here.size(); ++i) CHECK(there[i] == here[i] + 3);
}
