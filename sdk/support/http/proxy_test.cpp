#include "support/http/proxy.hpp"

#include <doctest/doctest.h>

#include <map>

#include "support/http/client.hpp"
#include "support/http/testing/http_server.hpp"

using namespace sealos;
using namespace sealos::http;

namespace {

ProxyRules rules(std::map<std::string, std::string> environment) {
  return ProxyRules::from_environment([&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

bool direct(const std::string& exempt, const std::string& url) {
  return !rules({{"HTTP_PROXY", "proxy:3128"}, {"NO_PROXY", exempt}}).proxy_for(Url::parse(url));
}

}  // namespace

TEST_CASE("each scheme has its proxy, and this machine has none") {
  const auto both = rules({{"HTTP_PROXY", "http://a:1"}, {"https_proxy", "b:2"}});
  CHECK(both.proxy_for(Url::parse("http://host/"))->host == "a");
  CHECK(both.proxy_for(Url::parse("https://host/"))->authority() == "b:2");
  CHECK_FALSE(both.proxy_for(Url::parse("http://localhost:5000/")));
  CHECK_FALSE(both.proxy_for(Url::parse("http://127.3.2.1/")));
  CHECK_FALSE(both.proxy_for(Url::parse("http://[::1]/")));
  CHECK_FALSE(rules({}).proxy_for(Url::parse("http://host/")));
  CHECK_FALSE(rules({{"HTTP_PROXY", "a:1"}, {"REQUEST_METHOD", "GET"}})
                  .proxy_for(Url::parse("http://host/")));
  CHECK_THROWS_AS(rules({{"HTTPS_PROXY", "socks5://a"}}).proxy_for(Url::parse("https://host/")),
                  Error);
}

TEST_CASE("NO_PROXY names hosts, domains, ports and networks") {
  CHECK(direct("*", "http://any.where/"));
  CHECK(direct("a.example, example.com", "http://example.com/"));
  CHECK(direct("example.com", "http://reg.example.com/"));
  CHECK_FALSE(direct("example.com", "http://notexample.com/"));
  CHECK(direct(".example.com", "http://reg.example.com/"));
  CHECK_FALSE(direct(".example.com", "http://example.com/"));
  CHECK(direct("example.com:5000", "http://example.com:5000/"));
  CHECK_FALSE(direct("example.com:5000", "http://example.com/"));
  CHECK(direct("10.0.0.0/8", "http://10.1.2.3/"));
  CHECK_FALSE(direct("10.0.0.0/8", "http://11.1.2.3/"));
  CHECK(direct("fd00::/8", "http://[fd12::1]:5000/"));
  CHECK(direct("192.168.1.1", "http://192.168.1.1/"));
  CHECK_FALSE(direct("", "http://host/"));
  CHECK_FALSE(direct(",,:", "http://host/"));
}

TEST_CASE("a plain request goes to the proxy with its whole address and the proxy's password") {
  std::string target, who, host;
  testing::HttpServer proxy([&](testing::Served& request) {
    target = request.target;
    who = request.headers.text("Proxy-Authorization");
    host = request.headers.text("Host");
    request.reply(200, {}, "via");
  });
  ClientOptions options;
  options.proxies = rules({{"HTTP_PROXY", "http://u:p%40@" + proxy.address()}});
  Request request;
  request.url = Url::parse("http://registry.test:5000/v2/?a=b");
  CHECK(Client(options).send(request).read_all(10) == "via");
  CHECK(target == "http://registry.test:5000/v2/?a=b");
  CHECK(host == "registry.test:5000");
  CHECK(who == "Basic dTpwQA==");
}

TEST_CASE("https goes through a tunnel, and a proxy that refuses it is named") {
  std::string method, target;
  testing::HttpServer proxy([&](testing::Served& request) {
    method = request.method;
    target = request.target;
    request.reply(407);
  });
  ClientOptions options;
  options.proxies = rules({{"HTTPS_PROXY", "http://" + proxy.address()}});
  Request request;
  request.url = Url::parse("https://registry.test/v2/");
  CHECK_THROWS_WITH_AS(Client(options).send(request), doctest::Contains("407"), Error);
  CHECK(method == "CONNECT");
  CHECK(target == "registry.test:443");
}

TEST_CASE("a limit of the rate is kept, also by those who have another one") {
  testing::HttpServer server(
      [](testing::Served& request) { request.reply(200, {}, std::string(100'000, 'x')); });
  ClientOptions options;
  options.throttle = std::make_shared<Throttle>(1 << 30, std::make_shared<Throttle>(250'000));
  Client client(options);
  Request request;
  request.url = Url::parse("http://" + server.address() + "/");
  const auto start = std::chrono::steady_clock::now();
  CHECK(client.send(request).read_all(1 << 20).size() == 100'000);
  CHECK(client.send(request).read_all(1 << 20).size() == 100'000);
  // 200 kB at 250 kB a second, of which a quarter of a second is free.
  CHECK(std::chrono::steady_clock::now() - start > std::chrono::milliseconds(450));
}
