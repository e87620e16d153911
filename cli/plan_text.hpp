// What a copy would do, for people.
#pragma once

#include <string>

#include "core/copy/copy.hpp"

namespace sealos::cli {

/// Lines, each with its end.
std::string plan_text(const CopyDetails& details);

}  // namespace sealos::cli
