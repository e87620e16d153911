#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "support/json/json.hpp"

namespace sealos::conformance {
namespace {

constexpr std::array<Result, 6> kResults = {Result::passed, Result::skipped, Result::warned,
                                            Result::failed, Result::crashed, Result::timed_out};

bool is_bad(const Row& row) { return row.outcome.result >= Result::failed; }

size_t count(const std::vector<Row>& rows, Result result) {
  return static_cast<size_t>(std::count_if(
      rows.begin(), rows.end(), [&](const Row& row) { return row.outcome.result == result; }));
}

void show(const std::string& text) { std::fputs(text.c_str(), stdout); }

}  // namespace

bool all_good(const std::vector<Row>& rows) {
  return std::none_of(rows.begin(), rows.end(), is_bad);
}

void print_list(bool json) {
  Json list = Json::array();
  for (const Case& one : all_cases()) {
    if (!json) show(fmt::format("{:<24} {}\n", one.name, one.description));
    Json entry = Json::object();
    entry.set("name", one.name);
    entry.set("description", one.description);
    list.push_back(std::move(entry));
  }
  if (json) show(list.dump() + "\n");
}

void print_row(const Row& row) {
  const std::string name = row.transport.empty() ? row.name : row.transport + " " + row.name;
  show(fmt::format("{:<9} {:<40} {:6.2f} s{}{}\n", name_of(row.outcome.result), name,
                   row.outcome.seconds, row.outcome.message.empty() ? "" : "  ",
                   row.outcome.message));
  if (is_bad(row) && !row.output.empty()) {
    std::string text = "  | " + row.output.substr(0, 8000);
    while (text.back() == '\n') text.pop_back();
    for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 5)
      text.replace(at, 1, "\n  | ");
    show(text + "\n");
  }
  std::fflush(stdout);
}

void print_summary(const std::vector<Row>& rows) {
  std::string text;
  for (const Result result : kResults) {
    const size_t n = count(rows, result);
    if (n > 0 || result == Result::passed || result == Result::failed)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, name_of(result));
  }
  show(text + "\n");
}

void print_json(const Options& options, const std::vector<Row>& rows) {
  Json cases = Json::array();
  for (const Row& row : rows) {
    Json one = Json::object();
    one.set("name", row.name);
    one.set("transport", row.transport.empty() ? Json() : Json(row.transport));
    one.set("result", name_of(row.outcome.result));
    one.set("message", row.outcome.message);
    one.set("seconds", row.outcome.seconds);
    if (is_bad(row)) one.set("output", printable(row.output, 8000));
    cases.push_back(std::move(one));
  }
  Json summary = Json::object();
  for (const Result result : kResults)
    summary.set(name_of(result), static_cast<std::int64_t>(count(rows, result)));
  Json all = Json::object();
  all.set("plugin", options.plugin);
  all.set("cases", std::move(cases));
  all.set("summary", std::move(summary));
  show(all.dump() + "\n");
}

}  // namespace sealos::conformance
