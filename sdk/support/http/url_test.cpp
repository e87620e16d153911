#include "support/http/url.hpp"

#include <doctest/doctest.h>

using sealos::Error;
using sealos::http::Url;

TEST_CASE("an address falls into its parts and comes back the same") {
  const Url url = Url::parse("HTTPS://Reg.Example.com:8443/v2/a%2fb?x=%3D&y#z");
  CHECK(url.scheme == "https");
  CHECK(url.host == "reg.example.com");
  CHECK(url.port == 8443);
  CHECK(url.target == "/v2/a%2fb?x=%3D&y");
  CHECK(url.str() == "https://reg.example.com:8443/v2/a%2fb?x=%3D&y");
  CHECK(Url::parse("http://h:80").str() == "http://h/");
  CHECK(Url::parse("http://[::1]:5000/v2/").authority() == "[::1]:5000");
  CHECK(Url::parse("http://u:p%40@proxy:3128").userinfo == "u:p%40");
}

TEST_CASE("what is no address is refused, and a secret in its query is not repeated") {
  CHECK_THROWS_AS(Url::parse("ftp://host/"), Error);
  CHECK_THROWS_AS(Url::parse("/v2/"), Error);
  CHECK_THROWS_AS(Url::parse("http://:80/"), Error);
  CHECK_THROWS_AS(Url::parse("http://host:99999/"), Error);
  CHECK_THROWS_AS(Url::parse("http://host/a b"), Error);
  CHECK_THROWS_AS(Url::parse("http://host/a\r\nX: y"), Error);
  CHECK(Url::parse("http://host/path?sig=secret").shown() == "http://host/path");
}

TEST_CASE("a Location is resolved in all its forms and keeps its bytes") {
  const Url base = Url::parse("https://reg:5000/v2/app/blobs/uploads/?mount=x");
  CHECK(base.resolve("/v2/u?_state=a%3D").str() == "https://reg:5000/v2/u?_state=a%3D");
  CHECK(base.resolve("http://other/x").str() == "http://other/x");
  CHECK(base.resolve("//other/x").str() == "https://other/x");
  CHECK(base.resolve("?a=b").str() == "https://reg:5000/v2/app/blobs/uploads/?a=b");
  CHECK(base.resolve("id").str() == "https://reg:5000/v2/app/blobs/uploads/id");
  CHECK(base.resolve("/t?time=12:30").str() == "https://reg:5000/t?time=12:30");
}

TEST_CASE("a query grows behind what is there") {
  Url url = Url::parse("http://h/u?_state=a%2Fb");
  url.add_query("digest", "sha256:00");
  CHECK(url.target == "/u?_state=a%2Fb&digest=sha256%3A00");
  CHECK(sealos::http::percent_decode("a%2Fb%20") == "a/b ");
  CHECK_THROWS_AS(sealos::http::percent_decode("a%2"), Error);
}
