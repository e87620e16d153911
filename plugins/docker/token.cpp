#include "token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "problem.hpp"
#include "support/base64/base64.hpp"
#include "support/json/json.hpp"

namespace sealos::docker {
namespace {

constexpr size_t kMaxAnswer = 1 << 20;
constexpr std::int64_t kLeastSeconds = 60;  // older servers say less, and mean it less

/// Scopes in a challenge are separated by spaces.
Scopes split_scopes(std::string_view text) {
  Scopes scopes;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    if (space > 0) scopes.emplace(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return scopes;
}

}  // namespace

void Authorizer::learn(const std::vector<Challenge>& challenges) {
  const std::lock_guard lock(mutex_);
  for (const Challenge& one : challenges) {
    if (one.scheme == "basic" || (one.scheme == "bearer" && !one.text("realm").empty())) {
      challenge_ = one;
      return;
    }
  }
}

std::string Authorizer::password_header() const {
  if (!known_ || known_->username.empty()) return {};
  return "Basic " + encode_base64(known_->username + ":" + known_->password);
}

std::string Authorizer::header(const Scopes& scopes, bool own) {
  const std::lock_guard lock(mutex_);
  if (known_ && !known_->registry_token.empty()) return "Bearer " + known_->registry_token;
  if (!challenge_) return {};
  if (challenge_->scheme == "basic") return password_header();
  Scopes needed = scopes;
  if (const auto wider = widened_.find(scopes); wider != widened_.end()) needed = wider->second;
  if (own) return "Bearer " + fetch(needed).value;
  auto token = tokens_.find(needed);
  if (token == tokens_.end() || Clock::now() >= token->second.renew_at)
    token = tokens_.insert_or_assign(needed, fetch(needed)).first;
  return "Bearer " + token->second.value;
}

bool Authorizer::renew(const Scopes& scopes, const std::string& used,
                       const http::Response& answer) {
  const auto challenges = parse_challenges(answer.headers().all("WWW-Authenticate"));
  const std::lock_guard lock(mutex_);
  if (known_ && !known_->registry_token.empty()) return false;
  const auto basic = std::find_if(challenges.begin(), challenges.end(),
                                  [](const Challenge& c) { return c.scheme == "basic"; });
  const auto bearer = std::find_if(challenges.begin(), challenges.end(), [](const Challenge& c) {
    return c.scheme == "bearer" && !c.text("realm").empty();
  });
  if (bearer == challenges.end()) {
    // Wrong passwords stay wrong; but the probe may not have asked for one.
    if (basic == challenges.end() || !used.empty()) return used.starts_with("Bearer ");
    challenge_ = *basic;
    return !password_header().empty();
  }
  challenge_ = *bearer;
  Scopes asked = split_scopes(bearer->text("scope"));
  asked.insert(scopes.begin(), scopes.end());
  if (asked != scopes) widened_[scopes] = asked;
  // Another thread may have renewed it while this one was being refused.
  const auto known = tokens_.find(asked);
  if (known != tokens_.end() && used != "Bearer " + known->second.value) return true;
  tokens_.erase(scopes);
  tokens_.erase(asked);
  return true;
}

http::Url Authorizer::realm() const {
  http::Url url = http::Url::parse(challenge_->text("realm"));
  if (url.scheme == "http" && !may_be_plain_)
    throw Error(
        Status::denied,
        fmt::format("the registry names the token server {}, which is not https", url.shown()));
  return url;
}

http::Response Authorizer::ask_by_get(const Scopes& scopes) {
  http::Request request;
  request.url = realm();
  const std::string password = password_header();
  if (!password.empty()) request.url.add_query("account", known_->username);
  if (const std::string service = challenge_->text("service"); !service.empty())
    request.url.add_query("service", service);
  for (const std::string& scope : scopes) request.url.add_query("scope", scope);
  if (!password.empty() && !known_->password.empty())
    request.headers.add("Authorization", password);
  return client_.follow(std::move(request));
}

http::Response Authorizer::ask_by_post(const Scopes& scopes) {
  http::Request request;
  request.method = "POST";
  request.url = realm();
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  std::string all;
  for (const std::string& scope : scopes) all += (all.empty() ? "" : " ") + scope;
  request.body =
      fmt::format("grant_type=refresh_token&service={}&client_id=sealos&scope={}&refresh_token={}",
                  http::percent_encode(challenge_->text("service")), http::percent_encode(all),
                  http::percent_encode(known_->identity_token));
  return client_.send(request);
}

Authorizer::Token Authorizer::fetch(const Scopes& scopes) {
  const bool has_identity = known_ && !known_->identity_token.empty();
  http::Response answer = has_identity ? ask_by_post(scopes) : ask_by_get(scopes);
  if (has_identity && (answer.status() == 404 || answer.status() == 405)) {
    answer.finish();
    answer = ask_by_get(scopes);
  }
  const std::string doing = "getting a token from " + answer.url().shown();
  if (!answer.ok()) throw response_error(answer, doing);
  try {
    const Json json = Json::parse(answer.read_all(kMaxAnswer));
    std::string value = json.text_at("token");
    if (value.empty()) value = json.text_at("access_token");
    if (value.empty() || value.find_first_of(" \r\n\t") != std::string::npos)
      throw Error(Status::corrupt, "there is no token in the answer");
    const Json* life = json.find("expires_in");
    const std::int64_t told = life != nullptr && life->is_integer() ? life->integer("") : 0;
    const std::int64_t seconds = std::clamp<std::int64_t>(told, kLeastSeconds, 24 * 3600);
    const auto early = std::chrono::seconds(std::max<std::int64_t>(10, seconds / 10));
    return {value, Clock::now() + std::chrono::seconds(seconds) - early};
  } catch (Error& e) {
    // JSON texts are quoted in the parser's messages; this one may hold a token.
    if (e.retryable() || e.status() == Status::cancelled) throw;
    throw Error(Status::corrupt, doing + ": the answer is no token");
  }
}

}  // namespace sealos::docker
