// All there is to try.
#pragma once

#include <string>
#include <vector>

#include "context.hpp"

namespace sealos::conformance {

struct Case {
  const char* name;
  const char* description;  ///< one sentence: what holds
  void (*run)(Context& context);
  bool whole_library = false;  ///< tried once, not for each transport
};

const std::vector<Case>& loading_cases();
const std::vector<Case>& reference_cases();
const std::vector<Case>& reading_cases();
const std::vector<Case>& writing_cases();
const std::vector<Case>& safety_cases();
const std::vector<Case>& process_cases();

std::vector<Case> all_cases();

/// What the processes do that a case of safety_cases starts and kills: writes an image, and says
/// on the descriptor how far it is. Never a case of its own.
void write_until_killed(Context& context, int progress_fd);

}  // namespace sealos::conformance
