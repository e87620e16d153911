#include <doctest/doctest.h>

#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

void copy_once(FakeHost& host, FakeRegistry& registry) {
  const auto to = destination(host, registry.name("app:1"));
  Reuse want;
  want.blob = blob_of("layer");
  if (!to->try_reuse(want)) put(*to, "layer");
  to->put_manifest(std::nullopt, kImage);
  const auto from = source(host, registry.name("app:1"));
  from->read_manifest(std::nullopt);
  CHECK(get(*from, "layer") == "layer");
}

}  // namespace

TEST_CASE("a password is sent to a registry that asks for one, and not in logs") {
  PlainHost host;
  FakeRegistry registry;
  registry.basic = kBasic;
  host.credentials = sdk::Credentials{"u", "p", "", ""};
  copy_once(host, registry);
  for (const std::string& line : host.logs) CHECK(line.find(kBasic) == std::string::npos);
}

TEST_CASE("without the right password it is an authentication error") {
  PlainHost host;
  FakeRegistry registry;
  registry.basic = kBasic;
  CHECK(status_of([&] { copy_once(host, registry); }) == Status::unauthenticated);
  host.credentials = sdk::Credentials{"u", "wrong", "", ""};
  CHECK(status_of([&] { copy_once(host, registry); }) == Status::unauthenticated);
}

TEST_CASE("a token is asked for once for each scope and then used") {
  PlainHost host;
  FakeRegistry registry;
  registry.tokens = true;
  copy_once(host, registry);
  // push for the destination; pull for the source
  CHECK(registry.count("GET", "/token") == 2);
  CHECK(registry.count("GET", "scope=repository%3Aapp%3Apull%2Cpush") == 1);
}

TEST_CASE("a token server that wants a password gets it, and no other request does") {
  PlainHost host;
  FakeRegistry registry;
  registry.tokens = true;
  registry.token_needs_password = true;
  registry.basic = kBasic;
  CHECK(status_of([&] { copy_once(host, registry); }) == Status::unauthenticated);
  host.credentials = sdk::Credentials{"u", "p", "", ""};
  copy_once(host, registry);
  for (const auto& request : registry.log()) {
    if (!request.target.starts_with("/token"))
      CHECK_FALSE(request.authorization.starts_with("Basic"));
  }
}

TEST_CASE("a token that is refused is renewed once") {
  PlainHost host;
  FakeRegistry registry;
  registry.tokens = true;
  registry.add_manifest("app", "1", kImage);
  const auto from = source(host, registry.name("app:1"));
  from->read_manifest(std::nullopt);
  registry.forget_tokens();
  from->read_manifest(std::nullopt);
  CHECK(registry.count("GET", "/token") == 2);
  CHECK(registry.count("GET", "/manifests/") == 3);
}

TEST_CASE("a bearer token of the user is used as it is") {
  PlainHost host;
  FakeRegistry registry;
  registry.tokens = true;
  registry.tokens_given["mine"] = {"repository:app:pull,push"};
  host.credentials = sdk::Credentials{"", "", "", "mine"};
  copy_once(host, registry);
  CHECK(registry.count("GET", "/token") == 0);
}

TEST_CASE("an identity token is exchanged by POST") {
  PlainHost host;
  FakeRegistry registry;
  registry.tokens = true;
  host.credentials = sdk::Credentials{"00000000", "", "refresh/me", ""};
  std::string form;
  registry.before = [&](Served& request) {
    if (request.path() != "/token" || request.method != "POST") return false;
    form = request.read_body();
    const std::lock_guard lock(registry.mutex);
    registry.tokens_given["t"] = {"repository:app:pull"};
    request.reply(200, {}, R"({"access_token":"t"})");
    return true;
  };
  registry.add_manifest("app", "1", kImage);
  source(host, registry.name("app:1"))->read_manifest(std::nullopt);
  CHECK(form.find("grant_type=refresh_token") != std::string::npos);
  CHECK(form.find("refresh_token=refresh%2Fme") != std::string::npos);
}

TEST_CASE("a token server that answers nonsense is an error that does not show the answer") {
  PlainHost host;
  FakeRegistry registry;
  registry.tokens = true;
  for (const char* answer : {"", "{}", "[]", R"({"token": secret})", R"({"token":"se\ncret"})"}) {
    registry.before = [&](Served& request) {
      if (request.path() != "/token") return false;
      request.reply(200, {}, answer);
      return true;
    };
    try {
      source(host, registry.name("app:1"))->read_manifest(std::nullopt);
      FAIL("it was taken");
    } catch (const Error& e) {
      CHECK(e.status() == Status::corrupt);
      CHECK(e.message().find("cret") == std::string::npos);
    }
  }
}

TEST_CASE("a mount asks for a token of both repositories") {
  PlainHost host;
  FakeRegistry registry;
  registry.tokens = true;
  registry.add_blob("base", "layer");
  Reuse want;
  want.blob = blob_of("layer");
  want.blob.location = "base";
  CHECK(destination(host, registry.name("app:1"))->try_reuse(want));
  CHECK(registry.count("GET",
                       "scope=repository%3Aapp%3Apull%2Cpush&scope=repository%3Abase%3Apull") == 1);
}
