#include "support/http/proxy.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "support/http/headers.hpp"

namespace sealos::http {
namespace {

struct Address {
  std::array<unsigned char, 16> bytes{};
  int bits = 0;  // 32 or 128; 0: no address

  static Address parse(const std::string& text) {
    Address address;
    if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1)
      address.bits = 32;
    else if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1)
      address.bits = 128;
    return address;
  }
  bool begins_like(const Address& other, int count) const {
    if (bits != other.bits || count > bits) return false;
    for (int i = 0; i < count; ++i) {
      const int shift = 7 - i % 8;
      const auto byte = static_cast<size_t>(i / 8);
      if (((bytes[byte] ^ other.bytes[byte]) >> shift & 1) != 0) return false;
    }
    return true;
  }
  bool is_loopback() const {
    return (bits == 32 && bytes[0] == 127) || begins_like(parse("::1"), 128);
  }
};

bool in_network(const Address& address, const std::string& rule) {
  const size_t slash = rule.find('/');
  if (slash == std::string::npos || address.bits == 0) return false;
  const Address network = Address::parse(rule.substr(0, slash));
  const int count = std::atoi(rule.c_str() + slash + 1);
  return network.bits != 0 && count >= 0 && address.begins_like(network, count);
}

bool matches(const Url& url, const Address& address, std::string rule) {
  if (rule == "*") return true;
  if (in_network(address, rule)) return true;
  const size_t colon = rule.find(':');
  if (colon != std::string::npos && rule.find(':', colon + 1) == std::string::npos) {
    if (rule.substr(colon + 1) != std::to_string(url.port)) return false;
    rule.resize(colon);
  }
  if (rule.starts_with("*.")) rule.erase(0, 1);
  if (rule.empty()) return false;
  const bool below_only = rule[0] == '.';
  const std::string suffix = below_only ? rule : "." + rule;
  const bool below =
      url.host.size() > suffix.size() &&
      same_text(std::string_view(url.host).substr(url.host.size() - suffix.size()), suffix);
  return below || (!below_only && same_text(url.host, rule));
}

}  // namespace

ProxyRules ProxyRules::from_environment(const std::function<const char*(const char*)>& get) {
  const auto either = [&](const char* upper, const char* lower) -> std::string {
    for (const char* name : {upper, lower}) {
      const char* value = get(name);
      if (value != nullptr && *value != 0) return value;
    }
    return {};
  };
  ProxyRules rules;
  if (get("REQUEST_METHOD") == nullptr) rules.http_ = either("HTTP_PROXY", "http_proxy");
  rules.https_ = either("HTTPS_PROXY", "https_proxy");
  rules.none_ = either("NO_PROXY", "no_proxy");
  return rules;
}

bool ProxyRules::is_exempt(const Url& url) const {
  const Address address = Address::parse(url.host);
  if (url.host == "localhost" || address.is_loopback()) return true;
  std::string_view rest = none_;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    if (matches(url, address, std::string(trimmed(rest.substr(0, comma))))) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

std::optional<Url> ProxyRules::proxy_for(const Url& url) const {
  const std::string& named = url.scheme == "https" ? https_ : http_;
  if (named.empty() || is_exempt(url)) return std::nullopt;
  const size_t scheme = named.find("://");
  if (scheme != std::string::npos && named.substr(0, scheme) != "http")
    throw Error(Status::unsupported,
                fmt::format("the proxy for {} is of the kind {}, and only http is supported",
                            url.origin(), printable(named.substr(0, scheme))));
  return Url::parse(scheme == std::string::npos ? "http://" + named : named);
}

std::string proxy_authorization(const Url& proxy) {
  if (proxy.userinfo.empty()) return {};
  const size_t colon = proxy.userinfo.find(':');
  std::string plain = percent_decode(proxy.userinfo.substr(0, colon)) + ":";
  if (colon != std::string::npos) plain += percent_decode(proxy.userinfo.substr(colon + 1));
  std::string out(4 * ((plain.size() + 2) / 3) + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(plain.data()),
                                static_cast<int>(plain.size()));
  out.resize(static_cast<size_t>(n));
  return "Basic " + out;
}

}  // namespace sealos::http
