#include "problem.hpp"

#include <fmt/format.h>
#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeParser.h>
#include <Poco/Timestamp.h>

#include <algorithm>
#include <charconv>

#include "support/json/json.hpp"

namespace sealos::docker {
namespace {

void read_errors(const Json& body, Problem& into) {
  const Json* errors = body.find("errors");
  if (errors == nullptr || !errors->is_array()) {
    // Odd registries: {"details": "..."}, {"message": "..."}.
    for (const char* key : {"details", "message", "error"}) {
      const Json* text = body.find(key);
      if (text != nullptr && text->is_string()) into.text = text->string(key);
    }
    return;
  }
  for (const Json& one : errors->items("errors")) {
    const Json* code = one.find("code");
    const Json* message = one.find("message");
    if (code != nullptr && code->is_string()) into.codes.push_back(code->string("code"));
    if (message != nullptr && message->is_string() && into.codes.size() <= 1)
      into.text = message->string("message");
  }
}

bool is_html(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && text[at] == '<';
}

/// What a refusal means, and whether the same request may work later. The first row that fits
/// counts; "" fits any code, 0 any HTTP status.
struct Rule {
  int http_status;
  const char* code;
  Status status;
  bool may_pass;
};

constexpr Rule kRules[] = {
    {0, "TOOMANYREQUESTS", Status::unavailable, true},
    {401, "", Status::unauthenticated, false},
    {403, "", Status::denied, false},
    {404, "", Status::not_found, false},
    {405, "", Status::unsupported, false},
    {408, "", Status::unavailable, true},
    {409, "", Status::exists, false},
    {410, "", Status::not_found, false},
    {425, "", Status::unavailable, true},
    {429, "", Status::unavailable, true},
    {451, "", Status::denied, false},
    {500, "", Status::unavailable, true},
    {501, "", Status::unsupported, false},
    {502, "", Status::unavailable, true},
    {503, "", Status::unavailable, true},
    {504, "", Status::unavailable, true},
    {522, "", Status::unavailable, true},  // Cloudflare: no connection to the server behind
    {524, "", Status::unavailable, true},  // and: no answer from it
    {0, "UNAUTHORIZED", Status::unauthenticated, false},
    {0, "DENIED", Status::denied, false},
    {0, "DIGEST_INVALID", Status::corrupt, false},
    {0, "UNSUPPORTED", Status::unsupported, false},
};

Rule rule_for(const Problem& problem) {
  for (const Rule& rule : kRules) {
    const bool fits = (rule.http_status == 0 || rule.http_status == problem.http_status) &&
                      (*rule.code == 0 || problem.has(rule.code));
    if (fits) return rule;
  }
  const bool theirs = problem.http_status >= 500 || problem.http_status < 400;
  return {0, "", theirs ? Status::unavailable : Status::invalid, false};
}

}  // namespace

std::set<int> default_retry_statuses() {
  std::set<int> statuses;
  for (const Rule& rule : kRules) {
    if (rule.may_pass && rule.http_status != 0) statuses.insert(rule.http_status);
  }
  return statuses;
}

std::int64_t parse_retry_after(std::string_view value) {
  const std::string text(http::trimmed(value));
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem == std::errc() && end == text.data() + text.size())
    return std::clamp<std::int64_t>(seconds, 0, 24 * 3600) * 1000;
  int zone = 0;
  Poco::DateTime date;
  if (!Poco::DateTimeParser::tryParse(Poco::DateTimeFormat::HTTP_FORMAT, text, date, zone))
    return 0;
  const auto ms = (date.timestamp() - Poco::Timestamp()) / 1000;
  return std::clamp<std::int64_t>(ms, 0, 24 * 3600 * 1000LL);
}

Problem Problem::of(http::Response& response) {
  Problem problem;
  problem.http_status = response.status();
  if (const auto after = response.headers().find("Retry-After"))
    problem.retry_after_ms = parse_retry_after(*after);
  const std::string body = response.read_some(1 << 20);
  const std::string reason = response.reason();
  response.finish();
  try {
    read_errors(Json::parse(body), problem);
  } catch (const Error&) {
    if (!is_html(body)) problem.text = http::trimmed(body);
  }
  if (problem.text.empty() && problem.http_status == 401)
    problem.text = "authentication required, or the credentials are wrong";
  if (problem.text.empty()) problem.text = reason;
  problem.text = printable(problem.text);
  return problem;
}

bool Problem::has(std::string_view code) const {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

Error Problem::error(std::string_view doing) const {
  std::string message = fmt::format("{}: HTTP {}", doing, http_status);
  if (!codes.empty()) message += " " + printable(codes.front(), 40);
  if (!text.empty()) message += ": " + text;
  const Rule rule = rule_for(*this);
  Error error(rule.status, message);
  if (rule.may_pass) error.set_retryable(retry_after_ms);
  return error;
}

}  // namespace sealos::docker
