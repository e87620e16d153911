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

Status status_of(const Problem& problem) {
  if (problem.has("TOOMANYREQUESTS")) return Status::unavailable;
  switch (problem.http_status) {
    case 401:
      return Status::unauthenticated;
    case 403:
    case 451:
      return Status::denied;
    case 404:
    case 410:
      return Status::not_found;
    case 405:
    case 501:
      return Status::unsupported;
    case 409:
      return Status::exists;
    case 408:
    case 429:
      return Status::unavailable;
    default:
      break;
  }
  if (problem.http_status >= 500 || problem.http_status < 400) return Status::unavailable;
  if (problem.has("UNAUTHORIZED")) return Status::unauthenticated;
  if (problem.has("DENIED")) return Status::denied;
  if (problem.has("DIGEST_INVALID")) return Status::corrupt;
  if (problem.has("UNSUPPORTED")) return Status::unsupported;
  return Status::invalid;
}

bool worth_another_try(int http_status) {
  switch (http_status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
    case 522:
      return true;
    default:
      return false;
  }
}

}  // namespace

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
  Error error(status_of(*this), message);
  if (worth_another_try(http_status) || has("TOOMANYREQUESTS")) error.set_retryable(retry_after_ms);
  return error;
}

}  // namespace sealos::docker
