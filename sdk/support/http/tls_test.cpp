#include "support/http/tls.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "support/file/file_stream.hpp"
#include "support/http/client.hpp"
#include "support/http/testing/http_server.hpp"
#include "support/http/testing/identity.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::http;
using namespace sealos::testing;

namespace {

struct Files {
  TempFolder folder;
  std::string write(const std::string& name, const std::string& text) const {
    replace_file(folder.fd.get(), name, text);
    return folder.str(name);
  }
};

Response get(const HttpServer& server, const TlsOptions& tls,
             const std::string& host = "127.0.0.1") {
  ClientOptions options;
  options.tls = tls;
  Client client(options);
  Request request;
  request.url = Url::parse("https://" + host + ":" + std::to_string(server.port()) + "/");
  return client.send(request);
}

}  // namespace

TEST_CASE("a certificate is trusted for its names if its authority is, and not otherwise") {
  const Files files;
  const auto authority = TestIdentity::authority("Test Authority");
  const auto good = authority.issue("server");
  const auto other = authority.issue("other", "DNS:other.example.com");
  HttpServer server([](Served& request) { request.reply(200, {}, "ok"); }, &good);
  HttpServer wrong([](Served& request) { request.reply(200, {}, "ok"); }, &other);
  TlsOptions trusting;
  trusting.ca_files = {files.write("ca.crt", authority.certificate)};
  CHECK(get(server, trusting).read_all(10) == "ok");
  CHECK(get(server, trusting, "localhost").read_all(10) == "ok");
  CHECK_THROWS_WITH_AS(get(server, {}), doctest::Contains("not trusted"), Error);
  CHECK_THROWS_WITH_AS(get(wrong, trusting), doctest::Contains("not trusted"), Error);
  TlsOptions careless;
  careless.verify = false;
  CHECK(get(wrong, careless).read_all(10) == "ok");
}

TEST_CASE("a name in the subject alone is not enough") {
  const Files files;
  const auto authority = TestIdentity::authority("Test Authority");
  const auto nameless = authority.issue("localhost", "");
  HttpServer server([](Served& request) { request.reply(200, {}, "ok"); }, &nameless);
  TlsOptions trusting;
  trusting.ca_files = {files.write("ca.crt", authority.certificate)};
  CHECK_THROWS_AS(get(server, trusting, "localhost"), Error);
}

TEST_CASE("of several client certificates the one that the server knows is shown") {
  const Files files;
  const auto authority = TestIdentity::authority("Servers");
  const auto clients = TestIdentity::authority("Clients");
  const auto strangers = TestIdentity::authority("Strangers");
  const auto identity = authority.issue("server");
  HttpServer server([](Served& request) { request.reply(200, {}, "ok"); }, &identity,
                    clients.certificate);
  TlsOptions tls;
  tls.ca_files = {files.write("ca.crt", authority.certificate)};
  CHECK_THROWS_AS(get(server, tls).read_all(10), Error);
  const auto stranger = strangers.issue("stranger"), member = clients.issue("member");
  tls.client_pairs = {
      {files.write("a.cert", stranger.certificate), files.write("a.key", stranger.key)},
      {files.write("b.cert", member.certificate), files.write("b.key", member.key)}};
  CHECK(get(server, tls).read_all(10) == "ok");
  tls.client_pairs[0].key = tls.client_pairs[1].key;
  CHECK_THROWS_WITH_AS(get(server, tls), doctest::Contains("does not fit"), Error);
}

TEST_CASE("a large body goes both ways over TLS, and an early answer is read") {
  const auto identity = TestIdentity::authority("x").issue("server");
  const std::string bytes(5'000'000, 'z');
  HttpServer server(
      [&](Served& request) {
        if (request.target == "/early") return request.reply_early(403, {}, "no");
        const std::string body = request.read_body();
        request.reply(200, {}, body == bytes ? bytes : "other");
      },
      &identity);
  ClientOptions options;
  options.tls.verify = false;
  Client client(options);
  for (int i = 0; i < 2; ++i) {
    const auto stream = memory_stream(bytes);
    Request request;
    request.method = "PUT";
    request.url = Url::parse("https://" + server.address() + "/");
    request.stream = stream.get();
    request.stream_size = stream->size();
    CHECK(client.send(request).read_all(10'000'000) == bytes);
  }
  CHECK(server.connections() == 1);
  const auto stream = memory_stream(bytes);
  Request request;
  request.method = "PUT";
  request.url = Url::parse("https://" + server.address() + "/early");
  request.stream = stream.get();
  request.stream_size = stream->size();
  CHECK(client.send(request).status() == 403);
}

TEST_CASE("https to a server of plain http says so") {
  HttpServer server([](Served& request) { request.reply(200, {}, "ok"); });
  TlsOptions careless;
  careless.verify = false;
  CHECK_THROWS_WITH_AS(get(server, careless), doctest::Contains("plain HTTP"), Error);
}

TEST_CASE("a file that holds no certificate is named") {
  const Files files;
  TlsOptions tls;
  tls.ca_files = {files.write("broken.crt", "nonsense")};
  CHECK_THROWS_WITH_AS(TlsContext{tls}, doctest::Contains("broken.crt"), Error);
  tls.ca_files = {files.folder.str("none.crt")};
  CHECK_THROWS_WITH_AS(TlsContext{tls}, doctest::Contains("none.crt"), Error);
}

TEST_CASE("certificates can be given as text, and the system's authorities left out") {
  const auto authority = TestIdentity::authority("Test Authority");
  const auto identity = authority.issue("server", "DNS:kubernetes");
  const auto user = authority.issue("user");
  HttpServer server([](Served& request) { request.reply(200, {}, "ok"); }, &identity,
                    authority.certificate);
  TlsOptions tls;
  tls.trust_system = false;
  tls.ca_texts = {authority.certificate};
  tls.client_pairs = {{user.certificate, user.key, true}};
  CHECK_THROWS_WITH_AS(get(server, tls), doctest::Contains("not trusted"), Error);
  tls.server_name = "kubernetes";
  CHECK(get(server, tls).read_all(10) == "ok");
  tls.ca_texts = {"-----BEGIN CERTIFICATE-----"};
  CHECK_THROWS_WITH_AS(get(server, tls), doctest::Contains("that is given"), Error);
  tls.ca_texts.clear();
  CHECK_THROWS_WITH_AS(get(server, tls), doctest::Contains("not trusted"), Error);
}
