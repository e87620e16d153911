#include "core/isolation/program/line.hpp"

namespace sealos::isolation {
namespace {

thread_local Line* line_of_this_thread = nullptr;
Line* line_of_other_threads = nullptr;

}  // namespace

Line& Line::of_this_thread() {
  return line_of_this_thread != nullptr ? *line_of_this_thread : *line_of_other_threads;
}

void Line::set_for_this_thread(Line& line) { line_of_this_thread = &line; }

void Line::set_for_other_threads(Line& line) { line_of_other_threads = &line; }

}  // namespace sealos::isolation
