#include "login.hpp"

#include <doctest/doctest.h>

#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

Status login(FakeHost& host, FakeRegistry& registry, const std::string& password,
             const std::string& path = {}) {
  host.credentials = sdk::Credentials{"u", password, "", ""};
  return status_of([&] { docker::check_login(host.host(), registry.address() + path); });
}

}  // namespace

TEST_CASE("a password is checked by the registry") {
  PlainHost host;
  FakeRegistry registry;
  registry.basic = kBasic;
  CHECK(login(host, registry, "p") == Status::ok);
  CHECK(login(host, registry, "p", "/team") == Status::ok);
  CHECK(login(host, registry, "wrong") == Status::unauthenticated);
  for (const std::string& line : host.logs) CHECK(line.find("wrong") == std::string::npos);
  registry.basic = std::string();
  CHECK(login(host, registry, "any") == Status::ok);
}

TEST_CASE("a token server's word counts as well") {
  PlainHost host;
  FakeRegistry registry;
  registry.basic = kBasic;
  registry.tokens = true;
  registry.token_needs_password = true;
  CHECK(login(host, registry, "p") == Status::ok);
  CHECK(login(host, registry, "wrong") == Status::unauthenticated);
}

TEST_CASE("what is no registry is said to be none") {
  PlainHost host;
  FakeRegistry registry;
  registry.before = [](Served& request) {
    request.reply(404);
    return true;
  };
  CHECK(login(host, registry, "p") == Status::not_found);
}
