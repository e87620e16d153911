// What belongs to the whole process, and a plugin leaves alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sealos::conformance {

/// How the process stands at one time.
class ProcessState {
 public:
  static ProcessState now();
  /// Throws Failure where it is not as it was, naming what was done.
  void require_same(const ProcessState& later, const std::string& after) const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;  // what and how
};

/// Open descriptors, but those of this look itself.
size_t open_descriptors();
size_t threads();

}  // namespace sealos::conformance
