#include "core/isolation/isolated_plugin.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "sealos/ext/draft/names.h"
#include "sealos/sdk/guard.hpp"
#include "support/testing/fake_host.hpp"

using sealos::Error;
using sealos::IsolatedPlugin;
using sealos::Status;

namespace {

/// The process of testing/hostile_process.cpp that behaves that way.
std::unique_ptr<IsolatedPlugin> hostile(const std::string& how) {
  return std::make_unique<IsolatedPlugin>(
      IsolatedPlugin::Settings{"hostile", how, SEALOS_HOSTILE_PROCESS, {}});
}

struct Answer {
  sealos_status status = SEALOS_OK;
  std::string message;
  std::vector<std::string> names;
};

Answer list_names(IsolatedPlugin& plugin, const sealos_host& host) {
  Answer answer;
  sealos::sdk::ErrorSlot error;
  const sealos_transport* transport = plugin.c().transports[0];
  const auto* names =
      static_cast<const sealos_names*>(transport->get_extension(transport, SEALOS_NAMES));
  REQUIRE(names != nullptr);
  answer.status = names->list(
      &host,
      [](void* to, const sealos_item* item) -> sealos_status {
        static_cast<std::vector<std::string>*>(to)->emplace_back(item->label);
        return SEALOS_OK;
      },
      &answer.names, error.out());
  if (error.out()->message != nullptr) answer.message = error.out()->message;
  return answer;
}

struct Started {
  explicit Started(const std::string& how) : plugin(hostile(how)) {
    sealos::sdk::ErrorSlot error;
    error.check(plugin->start(*host.c(), error.out()));
  }
  Answer list() { return list_names(*plugin, *host.c()); }

  sealos::testing::FakeHost host;
  std::unique_ptr<IsolatedPlugin> plugin;
};

size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("what the process says is what the plugin is") {
  Started started("well");
  const sealos_plugin& c = started.plugin->c();
  CHECK(std::string(c.name) == "hostile");
  CHECK((c.start == nullptr));
  REQUIRE(c.transports[0] != nullptr);
  CHECK(c.transports[1] == nullptr);
  CHECK(c.transports[0]->struct_size == sizeof(sealos_transport));
  CHECK((c.transports[0]->check_policy_scope == nullptr));
  const Answer answer = started.list();
  CHECK(answer.status == SEALOS_OK);
  CHECK(answer.names == std::vector<std::string>{"a name"});
}

TEST_CASE("nonsense from the process is an error that names the plugin") {
  for (const char* how :
       {"no-kind", "short", "more", "emits-a-blob", "reads", "calls", "half-an-item",
        "strange-host", "no-extension", "key-is-null", "too-long", "services-nonsense"}) {
    CAPTURE(how);
    try {
      Started started(how);
      if (std::string(how) == "services-nonsense")
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      for (int again = 0; again < 2; ++again) {
        const Answer answer = started.list();
        CHECK(answer.status == SEALOS_INTERNAL);
        CHECK(answer.message.find("plugin hostile is broken: ") == 0);
        CHECK(answer.message.find("its own process") != std::string::npos);
      }
    } catch (const Error& e) {
      // What is sent without being asked may be seen at the start already.
      CHECK(std::string(e.what()).find("plugin hostile is broken: ") == 0);
    }
  }
}

TEST_CASE("a library that describes itself with nonsense is not loaded") {
  for (const char* how : {"load-count", "load-garbage"}) {
    CAPTURE(how);
    CHECK_THROWS_WITH_AS(hostile(how), doctest::Contains("plugin hostile is broken: "), Error);
  }
}

TEST_CASE("a process that ends, or answers no more, is told of, each time") {
  const std::pair<const char*, const char*> ways[] = {
      {"dies", "the plugin hostile (dies) was killed in its own process (SIGKILL)"},
      {"silence",
       "the plugin hostile (silence) no longer answers in its own process, which was killed"},
      {"breaks-off",
       "the plugin hostile (breaks-off) no longer answers in its own process, which was killed"}};
  for (const auto& [how, message] : ways) {
    Started started(how);
    for (int again = 0; again < 2; ++again) {
      const Answer answer = started.list();
      CHECK(answer.status == SEALOS_INTERNAL);
      CHECK(answer.message == message);
    }
  }
}

TEST_CASE("a status that is none, and exceptions, come through as they were") {
  CHECK(Started("status").list().status == 4711);
  Started throwing("throws");
  CHECK_THROWS_WITH_AS(throwing.list(), "thrown", std::exception);
  Started other("throws-nothing");
  bool thrown = false;
  try {
    other.list();
  } catch (const std::exception&) {
  } catch (...) {
    thrown = true;
  }
  CHECK(thrown);
}

TEST_CASE("references are what the process says, as far as it makes sense") {
  const auto parse = [](Started& started, sealos_reference*& out) {
    const sealos_transport* transport = started.plugin->c().transports[0];
    return transport->parse_reference(transport, started.host.c(), "x", &out, nullptr);
  };
  sealos_reference* out = nullptr;
  Started none("no-reference");
  CHECK(parse(none, out) == SEALOS_OK);
  CHECK(out == nullptr);
  Started cut("short-reference");
  CHECK(parse(cut, out) == SEALOS_INTERNAL);
  CHECK(out == nullptr);
  Started whole("well");
  CHECK(parse(whole, out) == SEALOS_OK);
  REQUIRE(out != nullptr);
  CHECK(out->struct_size == sizeof(sealos_reference));
  CHECK(out->canonical == nullptr);
  out->release(out);
}

TEST_CASE("nothing is left of a process: no descriptor, no child, however it behaves") {
  list_names(*Started("well").plugin, *sealos::testing::FakeHost().c());
  const size_t before = open_descriptors();
  for (const char* how : {"well", "dies", "no-kind", "sends-descriptors", "stays"}) {
    CAPTURE(how);
    const auto start = std::chrono::steady_clock::now();
    Started(how).list();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(4));
    CHECK(open_descriptors() == before);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  }
}

TEST_CASE("a program that is not there is told") {
  CHECK_THROWS_WITH_AS(IsolatedPlugin({"hostile", "x", "/no/such/program", {}}),
                       doctest::Contains("/no/such/program"), Error);
}

TEST_CASE("calls at the same time have connections of their own") {
  Started started("well");
  std::vector<std::thread> threads;
  std::vector<Answer> answers(16);
  for (Answer& answer : answers)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) answer = started.list();
    });
  for (std::thread& thread : threads) thread.join();
  for (const Answer& answer : answers) CHECK(answer.names.size() == 1);
}
