#include "retry.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

http::Headers retry_after(const std::string& seconds) {
  http::Headers headers;
  headers.add("Retry-After", seconds);
  return headers;
}

Status read(FakeHost& host, FakeRegistry& registry) {
  return status_of([&] { source(host, registry.name("app:1"))->read_manifest(std::nullopt); });
}

/// Answers so many requests for manifests with the status, and then none.
void fail_times(FakeRegistry& registry, int times, int status) {
  auto left = std::make_shared<std::atomic<int>>(times);
  registry.before = [left, status](Served& request) {
    if (request.path().find("/manifests/") == std::string::npos || (*left)-- <= 0) return false;
    status == 0 ? request.close() : request.reply(status, {}, "trouble");
    return true;
  };
}

}  // namespace

TEST_CASE("what may pass is tried again as often as is wished") {
  for (const int status : {0, 429, 500, 502, 503}) {
    CAPTURE(status);
    PlainHost host;
    FakeRegistry registry;
    registry.add_manifest("app", "1", kImage);
    fail_times(registry, 3, status);
    CHECK(read(host, registry) == Status::ok);
    // A kept connection that closes is replaced once without counting.
    fail_times(registry, status == 0 ? 20 : 4, status);
    CHECK(read(host, registry) == Status::unavailable);
    host.options["retry"] = "0";
    fail_times(registry, status == 0 ? 20 : 1, status);
    CHECK(read(host, registry) == Status::unavailable);
  }
}

TEST_CASE("a server that says when to come back is heard") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_manifest("app", "1", kImage);
  std::atomic<int> left = 1;
  registry.before = [&](Served& request) {
    if (request.path() == "/v2/" || left-- <= 0) return false;
    request.reply(429, retry_after("1"));
    return true;
  };
  const auto start = std::chrono::steady_clock::now();
  CHECK(read(host, registry) == Status::ok);
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::seconds(1));
}

TEST_CASE("waiting before another try ends with a cancellation, and with the budget") {
  FakeHost host;
  docker::RetryPolicy policy;
  policy.delay = std::chrono::hours(1);
  docker::Retries patient(policy, host.host());
  const Error why(Status::unavailable, "trouble");
  host.cancel = true;
  policy.budget = std::chrono::hours(10);
  docker::Retries rich(policy, host.host());
  CHECK(status_of([&] { rich.wait(0, why); }) == Status::cancelled);
  policy.budget = std::chrono::milliseconds(10);
  docker::Retries poor(policy, host.host());
  CHECK_FALSE(poor.wait(0, why));
}

TEST_CASE("the probe and the token server are tried again, too") {
  PlainHost host;
  FakeRegistry registry;
  registry.tokens = true;
  registry.add_manifest("app", "1", kImage);
  std::atomic<int> probes = 1, tokens = 2;
  registry.before = [&](Served& request) {
    const bool fails =
        (request.path() == "/v2/" && probes-- > 0) || (request.path() == "/token" && tokens-- > 0);
    if (fails) request.reply(503);
    return fails;
  };
  CHECK(read(host, registry) == Status::ok);
}

TEST_CASE("which failures are tried again can be chosen") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_manifest("app", "1", kImage);
  host.options["docker.retry-on"] = "404";
  fail_times(registry, 2, 404);
  CHECK(read(host, registry) == Status::ok);
  fail_times(registry, 1, 503);
  CHECK(read(host, registry) == Status::unavailable);
}
