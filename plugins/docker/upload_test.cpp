#include "upload.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <atomic>
#include <set>

#include "support/testing/temp_folder.hpp"
#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

/// What one test needs: a registry, a file to send, and who sends it.
struct Push {
  PlainHost host;
  FakeRegistry registry;
  TempFolder folder;
  std::string bytes = much(5'000'000);
  std::unique_ptr<docker::Destination> to = destination(host, registry.name("app:1"));

  Push() { host.options["docker.retry"] = "5"; }
  void open() { to = destination(host, registry.name("app:1")); }
  Blob put_file() {
    replace_file(folder.fd.get(), "blob", bytes);
    const auto stream = file_stream(open_at(folder.fd.get(), "blob", O_RDONLY), "blob");
    return to->put_blob(blob_of(bytes), *stream);
  }
  /// As the engine does it: a new stream for each try.
  Blob put_stream(int tries) {
    for (;; --tries) {
      try {
        return put(*to, bytes);
      } catch (const Error& e) {
        if (!e.retryable() || tries <= 1) throw;
      }
    }
  }
  bool arrived() { return registry.blob(digest_of(bytes)) == bytes; }
};

/// Refuses some methods on uploads.
void refuse(FakeRegistry& registry, const std::string& method, int status,
            bool only_whole = false) {
  registry.before = [=](Served& request) {
    if (request.method != method || request.path().find("/uploads/") == std::string::npos)
      return false;
    if (only_whole && request.headers.find("Content-Range")) return false;
    request.reply_early(status);
    return true;
  };
}

}  // namespace

TEST_CASE("an upload that is cut goes on where the registry stands, and sends nothing twice") {
  Push push;
  push.registry.patch_cuts = {1'000'000, 500'000, 2'000'000};
  push.put_file();
  CHECK(push.arrived());
  CHECK(push.registry.count("PATCH") == 4);
  CHECK(push.registry.bytes_received() == 5'000'000);
  CHECK(push.registry.open_uploads() == 0);
}

TEST_CASE("a registry that loses an upload that was cut gets it from the start") {
  Push push;
  push.registry.keeps_partial_uploads = false;
  push.registry.patch_cuts = {1'000'000, 2'000'000};
  push.put_file();
  CHECK(push.arrived());
  CHECK(push.registry.bytes_received() == 8'000'000);
}

TEST_CASE("a stream that cannot go back goes on with the caller's next try") {
  Push push;
  push.registry.patch_cuts = {1'000'000, 2'000'000};
  push.put_stream(3);
  CHECK(push.arrived());
  CHECK(push.registry.bytes_received() == 5'000'000);
}

TEST_CASE("an answer that was lost does not send the blob again") {
  Push push;
  push.registry.lost_answers = 1;
  push.put_file();
  CHECK(push.arrived());
  CHECK(push.registry.count("PATCH") == 1);
}

TEST_CASE("a registry that does not take a PATCH gets a PUT with everything, from then on") {
  for (const int status : {400, 404, 405, 411, 413, 415, 416, 501}) {
    CAPTURE(status);
    Push push;
    refuse(push.registry, "PATCH", status);
    push.put_file();
    CHECK(push.arrived());
    CHECK(push.registry.count("PATCH") == 1);
    push.bytes = much(3'000'000);
    push.put_file();
    CHECK(push.arrived());
    CHECK(push.registry.count("PATCH") == 1);
  }
}

TEST_CASE("a stream of unknown digest is put aside for a registry that wants it all in the PUT") {
  Push push;
  refuse(push.registry, "PATCH", 405);
  const auto tell = [&] {
    const auto stream = memory_stream(push.bytes);
    return push.to->put_blob(Blob(), *stream);
  };
  CHECK(status_of(tell) == Status::unsupported);  // the stream is used up; another is needed
  CHECK(*tell().digest == digest_of(push.bytes));
  CHECK(push.arrived());
}

TEST_CASE("a registry that takes only small requests gets parts") {
  Push push;
  push.bytes = much(20'000'000);
  push.registry.before = [](Served& request) {
    const std::string length = request.headers.text("Content-Length");
    if (length.empty() || std::stoll(length) <= (4 << 20)) return false;
    request.reply_early(413);
    return true;
  };
  push.put_file();
  CHECK(push.arrived());
  CHECK(push.registry.count("PATCH") == 2 + 5);  // whole, 64 MiB, then 4 MiB each
}

TEST_CASE("parts of the size that is wished, no smaller than the registry wants") {
  Push push;
  push.host.options["docker.chunk-size"] = "1M";
  push.open();
  push.put_file();
  CHECK(push.arrived());
  CHECK(push.registry.count("PATCH") == 5);
  push.bytes = much(4'000'001);
  push.put_stream(1);
  CHECK(push.arrived());
  CHECK(push.registry.count("PATCH") == 5 + 4);
  push.bytes = "";
  push.put_file();
  CHECK(push.arrived());
}

TEST_CASE("parts that are cut are sent from where the registry stands") {
  Push push;
  push.host.options["docker.chunk-size"] = "1M";
  push.open();
  push.registry.patch_cuts = {1 << 20, 500'000, 0};
  push.put_file();
  CHECK(push.arrived());
  CHECK(push.registry.bytes_received() == 5'000'000);
}

TEST_CASE("a server error in the middle is tried again, a refusal is not") {
  Push push;
  std::atomic<int> left = 2;
  push.registry.before = [&](Served& request) {
    if (request.method != "PATCH" || left-- <= 0) return false;
    request.reply_early(502);
    return true;
  };
  push.put_file();
  CHECK(push.arrived());
  push.bytes = much(100);
  refuse(push.registry, "PATCH", 403);
  CHECK(status_of([&] { push.put_file(); }) == Status::denied);
  CHECK(push.registry.open_uploads() == 0);
}

TEST_CASE("a token that ends in the middle of a copy is renewed") {
  Push push;
  push.registry.tokens = true;
  std::atomic<bool> ended = false;
  push.registry.before = [&](Served& request) {
    if (request.method == "PATCH" && !ended.exchange(true)) push.registry.forget_tokens();
    return false;
  };
  push.put_file();
  CHECK(push.arrived());
  CHECK(push.registry.count("GET", "/token") == 3);  // the body has one of its own then
}

TEST_CASE("a token may be good for one request alone") {
  Push push;
  push.registry.tokens = true;
  std::set<std::string> used;
  push.registry.before = [&](Served& request) {
    const std::lock_guard lock(push.registry.mutex);
    const std::string token = request.headers.text("Authorization");
    if (token.starts_with("Bearer ") && !used.insert(token).second)
      push.registry.tokens_given.erase(token.substr(7));
    return false;
  };
  for (const size_t size : {100, 200}) {
    push.bytes = much(size);
    push.put_file();
    CHECK(push.arrived());
  }
  CHECK(push.registry.count("PATCH", "/uploads/") == 3);  // one was refused
}

TEST_CASE("a registry that never says where to upload to, or leads to this machine, is refused") {
  Push push;
  push.registry.before = [](Served& request) {
    if (request.method != "POST") return false;
    request.reply(202);
    return true;
  };
  CHECK(status_of([&] { push.put_file(); }) == Status::invalid);
}

TEST_CASE("cancelling ends an upload to a registry that takes nothing") {
  Push push;
  push.bytes = much(30'000'000);
  push.registry.before = [&](Served& request) {
    if (request.method != "PATCH") return false;
    push.host.cancel = true;
    request.read_body(1000);
    request.stall();
    return true;
  };
  const auto start = std::chrono::steady_clock::now();
  CHECK(status_of([&] { push.put_file(); }) == Status::cancelled);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
}

TEST_CASE("a registry that takes nothing for too long is given up") {
  Push push;
  push.bytes = much(30'000'000);
  push.host.options["docker.stall-timeout"] = "100ms";
  push.host.options["docker.retry"] = "1";
  push.open();
  push.registry.before = [&](Served& request) {
    if (request.method != "PATCH") return false;
    request.read_body(1000);
    request.stall();
    return true;
  };
  CHECK(status_of([&] { push.put_file(); }) == Status::unavailable);
  CHECK(push.registry.count("PATCH") == 2);
}
