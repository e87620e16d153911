#include "support/base64/base64.hpp"

#include <doctest/doctest.h>

#include <array>
#include <utility>

using namespace sealos;

TEST_CASE("what RFC 4648 shows is what is written and read") {
  const std::array<std::pair<std::string_view, std::string_view>, 7> vectors{
      {{"", ""},
       {"f", "Zg=="},
       {"fo", "Zm8="},
       {"foo", "Zm9v"},
       {"foob", "Zm9vYg=="},
       {"fooba", "Zm9vYmE="},
       {"foobar", "Zm9vYmFy"}}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(encode_base64(bytes) == text);
    CHECK(decode_base64(text) == bytes);
    const std::string unpadded(text.substr(0, text.find('=')));
    CHECK(encode_base64url(bytes) == unpadded);
    CHECK(decode_base64url(unpadded) == bytes);
  }
  CHECK(encode_base64("\xfb\xff\xbf") == "+/+/");
  CHECK(encode_base64url("\xfb\xff\xbf") == "-_-_");
  CHECK(decode_base64url("-_-_") == "\xfb\xff\xbf");
}

TEST_CASE("every length and every byte comes back") {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    CHECK(decode_base64(encode_base64(bytes)) == bytes);
    CHECK(decode_base64url(encode_base64url(bytes)) == bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST_CASE("line ends are skipped wherever they are") {
  CHECK(decode_base64("Zm9v\r\nYmFy\n") == "foobar");
  CHECK(decode_base64("Zm\n9vYg=\n=\n") == "foob");
  CHECK(decode_base64("\n") == "");
}

TEST_CASE("what is not base64 is refused") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm9", "Zg==Zg==", "Zm9v=", "====", "Z===", "Zm 9",
                           "Zm9v!mFy", "=Zm9", "-_-_", "Zg=a", "Zg\n", "Zg==\nZm9v"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text));
  }
  for (const char* text : {"Z", "Zg==", "+/+/", "Zm9v\n", "Zm9vZ"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64url(text));
  }
  std::string to;
  CHECK_FALSE(append_from_base64(to, "Zm9v\n"));
  CHECK_FALSE(append_from_base64(to, "Zg"));
}

TEST_CASE("appending leaves what is there") {
  std::string text = "a:";
  append_base64(text, "foob");
  CHECK(text == "a:Zm9vYg==");
  std::string bytes = "x";
  CHECK(append_from_base64(bytes, "Zm9vYg=="));
  CHECK(bytes == "xfoob");
}
