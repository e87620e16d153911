// How one case ends, and what it has to say.
#pragma once

#include <string>
#include <vector>

namespace sealos::conformance {

/// Thrown by a case: the plugin does not do what the ABI asks for.
struct Failure {
  std::string why;
};
/// Thrown by a case: there is nothing to try, since the plugin does not have it or a place is
/// missing.
struct Skipped {
  std::string why;
};

enum class Result { passed, skipped, warned, failed, crashed, timed_out };
const char* name_of(Result result);

struct Outcome {
  Result result = Result::passed;
  std::string message;  ///< one line; "": nothing to say
  double seconds = 0;
};

/// The warnings of the case that runs in this process: right, but not good. Safe for concurrent
/// use.
void warn(std::string what);
std::vector<std::string> warnings();

/// Throws Failure unless the condition holds.
inline void require(bool holds, std::string why) {
  if (!holds) throw Failure{std::move(why)};
}

}  // namespace sealos::conformance
