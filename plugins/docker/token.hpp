// The Authorization header: passwords, and tokens from a registry's token server.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "challenge.hpp"
#include "sealos/sdk/host.hpp"
#include "support/http/client.hpp"

namespace sealos::docker {

/// What a request needs to be allowed: "repository:library/app:pull,push".
using Scopes = std::set<std::string>;

/// Knows how one registry wants to be told who asks. Safe for concurrent use; one request to the
/// token server is under way at a time, and its answer serves all.
class Authorizer {
 public:
  /// may_be_plain: a password or token may go to a token server over http.
  Authorizer(http::Client& client, std::optional<sdk::Credentials> credentials, bool may_be_plain)
      : client_(client), known_(std::move(credentials)), may_be_plain_(may_be_plain) {}

  /// Takes the first challenge of a known scheme; none of them: nothing will be sent.
  void learn(const std::vector<Challenge>& challenges);

  /// The value for the header; "" to send none. Asks the token server where that is needed.
  /// own: a token for one request alone, which no other request uses up.
  std::string header(const Scopes& scopes, bool own = false);

  /// After a 401 to a request that had the header `used`: whether asking again makes sense. A
  /// token that was refused is forgotten; challenges of the answer are learned.
  bool renew(const Scopes& scopes, const std::string& used, const http::Response& answer);

 private:
  using Clock = std::chrono::steady_clock;
  struct Token {
    std::string value;
    Clock::time_point renew_at;
  };

  std::string password_header() const;
  Token fetch(const Scopes& scopes);
  http::Response ask_by_get(const Scopes& scopes);
  http::Response ask_by_post(const Scopes& scopes);
  http::Url realm() const;

  http::Client& client_;
  const std::optional<sdk::Credentials> known_;
  const bool may_be_plain_;
  std::mutex mutex_;
  std::optional<Challenge> challenge_;
  std::map<Scopes, Token> tokens_;
  std::map<Scopes, Scopes> widened_;  ///< what the registry said that a request needs
};

}  // namespace sealos::docker
