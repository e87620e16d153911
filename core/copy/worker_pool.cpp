#include "core/copy/worker_pool.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace sealos {

void run_all(const std::vector<std::function<void()>>& tasks, unsigned workers,
             CancelToken& cancel) {
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  std::exception_ptr first;
  const auto work = [&] {
    while (!failed) {
      const size_t mine = next.fetch_add(1);
      if (mine >= tasks.size()) return;
      try {
        tasks[mine]();
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        failed = true;
        cancel.cancel();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    const size_t count = std::min<size_t>(std::max(1u, workers), tasks.size());
    for (size_t i = 1; i < count; ++i) threads.emplace_back(work);
    work();
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace sealos
