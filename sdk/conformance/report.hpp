// Results for people, and for programs.
#pragma once

#include <vector>

#include "cases.hpp"
#include "runner.hpp"

namespace sealos::conformance {

void print_list(bool json);
void print_row(const Row& row);
void print_summary(const std::vector<Row>& rows);
void print_json(const Options& options, const std::vector<Row>& rows);
/// Whether nothing failed, crashed or took too long.
bool all_good(const std::vector<Row>& rows);

}  // namespace sealos::conformance
