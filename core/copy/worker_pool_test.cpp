#include "core/copy/worker_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "sealos/sdk/error.hpp"

using sealos::CancelToken;
using sealos::Error;
using sealos::Status;

TEST_CASE("every task runs once") {
  for (const unsigned workers : {0u, 1u, 3u, 100u}) {
    CancelToken cancel;
    std::atomic<int> ran = 0;
    sealos::run_all(std::vector<std::function<void()>>(50, [&] { ++ran; }), workers, cancel);
    CHECK(ran == 50);
    CHECK_FALSE(cancel.cancelled());
  }
}

TEST_CASE("the first failure stops the rest and is the one thrown") {
  CancelToken cancel;
  std::atomic<int> later = 0;
  std::vector<std::function<void()>> tasks;
  tasks.push_back([&] {
    while (!cancel.cancelled()) std::this_thread::yield();
    cancel.throw_if_cancelled();
  });
  tasks.push_back([] { throw Error(Status::denied, "first"); });
  for (int i = 0; i < 20; ++i) {
    tasks.push_back([&] {
      ++later;
      cancel.throw_if_cancelled();
    });
  }
  CHECK_THROWS_WITH_AS(sealos::run_all(tasks, 2, cancel), "first", Error);
  CHECK(cancel.cancelled());
  CHECK(later == 0);
}
