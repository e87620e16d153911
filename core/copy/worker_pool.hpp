// Runs tasks on a few threads; the first failure stops the rest.
#pragma once

#include <functional>
#include <vector>

#include "core/host/services.hpp"

namespace sealos {

/// Runs the tasks in order of their position, at most `workers` at a time, and returns when all
/// have ended. The first failure sets `cancel`, which the running tasks notice, keeps the others
/// from being started, and is thrown.
void run_all(const std::vector<std::function<void()>>& tasks, unsigned workers,
             CancelToken& cancel);

}  // namespace sealos
