#include "problem.hpp"

#include <doctest/doctest.h>

#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

struct Row {
  int http_status;
  const char* body;
  Status status;
  bool tried_again;
};

const Row kRows[] = {
    {400, R"({"errors":[{"code":"NAME_INVALID"}]})", Status::invalid, false},
    {400, R"({"errors":[{"code":"DIGEST_INVALID"}]})", Status::corrupt, false},
    {400, R"({"errors":[{"code":"TOOMANYREQUESTS"}]})", Status::unavailable, false},
    {401, "", Status::unauthenticated, false},
    {403, R"({"errors":[{"code":"DENIED"}]})", Status::denied, false},
    {404, "404 page not found", Status::not_found, false},
    {405, "", Status::unsupported, false},
    {408, "", Status::unavailable, true},
    {409, "", Status::exists, false},
    {413, "<html>too large</html>", Status::invalid, false},
    {429, "slow down", Status::unavailable, true},
    {410, "", Status::not_found, false},
    {425, "", Status::unavailable, true},
    {451, "", Status::denied, false},
    {500, "", Status::unavailable, true},
    {501, "", Status::unsupported, false},
    {502, "<html></html>", Status::unavailable, true},
    {503, R"({"details":"later"})", Status::unavailable, true},
    {504, "", Status::unavailable, true},
    {507, "", Status::unavailable, false},
    {522, "", Status::unavailable, true},
    {524, "", Status::unavailable, true},
};

}  // namespace

TEST_CASE("every refusal has its status, and is tried again or not") {
  PlainHost host;
  FakeRegistry registry;
  const Row* row = nullptr;
  registry.before = [&](Served& request) {
    if (request.path() == "/v2/") return false;
    request.reply(row->http_status, {}, row->body);
    return true;
  };
  for (const Row& one : kRows) {
    row = &one;
    const int before = registry.count("GET", "/manifests/");
    CAPTURE(one.http_status);
    CAPTURE(one.body);
    try {
      source(host, registry.name("app:1"))->read_manifest(std::nullopt);
      FAIL("it was taken");
    } catch (const Error& e) {
      CHECK(e.status() == one.status);
      // What is known by its status has been tried again here; the rest is left to the caller.
      const bool by_code = std::string(one.body).find("TOOMANYREQUESTS") != std::string::npos;
      CHECK(e.retryable() == by_code);
      CHECK(registry.count("GET", "/manifests/") - before == (one.tried_again ? 4 : 1));
      CHECK(e.message().find(std::to_string(one.http_status)) != std::string::npos);
      CHECK(e.message().find('<') == std::string::npos);
    }
  }
}

TEST_CASE("Retry-After is seconds or a date") {
  CHECK(docker::parse_retry_after("7") == 7000);
  CHECK(docker::parse_retry_after(" 0 ") == 0);
  CHECK(docker::parse_retry_after("soon") == 0);
  CHECK(docker::parse_retry_after("-5") == 0);
  CHECK(docker::parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0);
  CHECK(docker::parse_retry_after("Wed, 21 Oct 2099 07:28:00 GMT") == 24 * 3600 * 1000);
}
