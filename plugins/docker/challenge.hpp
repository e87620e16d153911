// What a server asks for with status 401.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealos::docker {

/// One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1).
struct Challenge {
  std::string scheme;                                           ///< lower case: "basic", "bearer"
  std::vector<std::pair<std::string, std::string>> parameters;  ///< names in lower case

  std::string text(std::string_view name) const;  ///< "" if it is not there
};

/// All challenges of all header fields, in order. What is not understood is left out.
std::vector<Challenge> parse_challenges(const std::vector<std::string>& fields);

}  // namespace sealos::docker
