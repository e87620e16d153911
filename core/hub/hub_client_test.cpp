#include "core/hub/hub_client.hpp"

#include <doctest/doctest.h>

#include <mutex>

#include "support/http/testing/http_server.hpp"
#include "support/http/testing/identity.hpp"

using namespace sealos;
using namespace sealos::hub;
using namespace sealos::testing;

namespace {

/// Answers requests in turn with what it was told, and remembers them.
struct Cluster {
  std::vector<std::pair<int, std::string>> answers;
  std::vector<std::string> requests;
  std::mutex mutex;
  const TestIdentity authority = TestIdentity::authority("Test Authority");
  const TestIdentity identity = authority.issue("server");
  HttpServer server{[this](Served& request) { answer(request); }, &identity};
  CancelToken cancel;

  void answer(Served& request) {
    const std::string body = request.read_body();
    const std::lock_guard lock(mutex);
    requests.push_back(request.method + " " + request.target + " " +
                       request.headers.text("Authorization") + " " + body);
    const size_t at = std::min(requests.size(), answers.size()) - 1;
    request.reply(answers[at].first, {}, answers[at].second);
  }
  Outcome publish(bool unless_same = false) {
    ClusterAccess access;
    access.server = "https://" + server.address();
    access.tls.trust_system = false;
    access.tls.ca_texts = {authority.certificate};
    access.authorization = "Bearer secret";
    return HubClient(access, cancel)
        .publish(object(), unless_same, 2, std::chrono::milliseconds(1));
  }
  std::string problem() {
    try {
      publish();
      return "none";
    } catch (const Error& e) {
      CHECK(e.message().find("secret") == std::string::npos);
      return std::to_string(static_cast<int>(e.status())) + " " + e.message();
    }
  }
  static Json object() {
    return Json::parse(
        R"({"apiVersion":"imagehub.sealos.io/v1","kind":"Image",)"
        R"("metadata":{"name":"org.app.1"},"spec":{"name":"org/app:1","type":"x"}})");
  }
};

const std::string kPath = "/apis/imagehub.sealos.io/v1/images";
const std::string kExists = R"({"kind":"Status","message":"images \"org.app.1\" already exists"})";

std::string there(const std::string& version, const std::string& spec) {
  return R"({"kind":"Image","metadata":{"name":"org.app.1","resourceVersion":")" + version +
         R"(","labels":{"a":"b"},"managedFields":[]},"spec":)" + spec + "}";
}

}  // namespace

TEST_CASE("an object that is new is created") {
  Cluster cluster;
  cluster.answers = {{201, "{}"}};
  CHECK(cluster.publish() == Outcome::created);
  CHECK(cluster.requests ==
        std::vector<std::string>{"POST " + kPath + " Bearer secret " + Cluster::object().dump()});
}

TEST_CASE("one that exists is replaced in the version that was read, again if that has changed") {
  Cluster cluster;
  cluster.answers = {
      {409, kExists}, {200, there("7", "{}")}, {409, "{}"}, {200, there("8", "{}")}, {200, "{}"}};
  CHECK(cluster.publish() == Outcome::updated);
  REQUIRE(cluster.requests.size() == 5);
  CHECK(cluster.requests[3] == "GET " + kPath + "/org.app.1 Bearer secret ");
  CHECK(
      cluster.requests[4] ==
      "PUT " + kPath + "/org.app.1 Bearer secret " +
          R"({"apiVersion":"imagehub.sealos.io/v1","kind":"Image","metadata":{"name":"org.app.1",)"
          R"("resourceVersion":"8","labels":{"a":"b"}},"spec":{"name":"org/app:1","type":"x"}})");
}

TEST_CASE("one that is gone by then is created after all") {
  Cluster cluster;
  cluster.answers = {{409, kExists}, {404, "{}"}, {201, "{}"}};
  CHECK(cluster.publish() == Outcome::created);
  CHECK(cluster.requests.size() == 3);
}

TEST_CASE("an equal one is left alone where that is wanted, in whatever order it comes") {
  Cluster cluster;
  cluster.answers = {
      {409, kExists}, {200, there("7", R"({"type":"x","name":"org/app:1"})")}, {200, "{}"}};
  CHECK(cluster.publish(true) == Outcome::unchanged);
  CHECK(cluster.requests.size() == 2);
  cluster.requests.clear();
  CHECK(cluster.publish() == Outcome::updated);
}

TEST_CASE("a refusal is shown with the server's own message") {
  Cluster cluster;
  const auto answer = [&](int status, const std::string& body) {
    cluster.requests.clear();
    cluster.answers = {{status, body}};
    return cluster.problem();
  };
  const std::string forbidden =
      answer(403, R"({"kind":"Status","message":"user \"x\" cannot create"})");
  CHECK(forbidden.starts_with(std::to_string(SEALOS_DENIED)));
  CHECK(forbidden.find("creating Image org.app.1: 403 user \"x\" cannot create") !=
        std::string::npos);
  CHECK(answer(401, R"({"message":"Unauthorized"})")
            .starts_with(std::to_string(SEALOS_UNAUTHENTICATED)));
  CHECK(answer(422, R"({"message":"metadata.name: Invalid"})").find("metadata.name: Invalid") !=
        std::string::npos);
  CHECK(answer(500, "<html>oops</html>").find("500 <html>oops") != std::string::npos);
  CHECK(cluster.requests.size() == 1);
  cluster.requests.clear();
  cluster.answers = {{409, kExists}};
  CHECK(cluster.problem().find("reading Image org.app.1: 409") != std::string::npos);
}

TEST_CASE("what may pass is tried again, and not for ever") {
  Cluster cluster;
  cluster.answers = {{503, ""}, {429, ""}, {201, "{}"}};
  CHECK(cluster.publish() == Outcome::created);
  cluster.requests.clear();
  cluster.answers = {{503, "busy"}};
  CHECK(cluster.problem().find("503 busy") != std::string::npos);
  CHECK(cluster.requests.size() == 3);
}

TEST_CASE("others may change it for ever") {
  Cluster cluster;
  cluster.answers = {{409, kExists}};
  for (int i = 0; i < 20; ++i) {
    cluster.answers.emplace_back(200, there("7", "{}"));
    cluster.answers.emplace_back(409, "{}");
  }
  CHECK(cluster.problem().find("keep changing") != std::string::npos);
}

TEST_CASE("a server that is not trusted gets nothing") {
  Cluster cluster;
  cluster.answers = {{201, "{}"}};
  ClusterAccess access;
  access.server = "https://" + cluster.server.address();
  access.authorization = "Bearer secret";
  CHECK_THROWS_WITH_AS(HubClient(access, cluster.cancel)
                           .publish(Cluster::object(), false, 0, std::chrono::milliseconds(1)),
                       doctest::Contains("not trusted"), Error);
  CHECK(cluster.requests.empty());
}
