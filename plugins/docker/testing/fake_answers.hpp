// What the parts of the registry for tests answer with.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <utility>

#include "support/http/headers.hpp"
#include "support/http/testing/shared.hpp"

namespace sealos::testing {

inline http::Headers fields(std::initializer_list<std::pair<const char*, std::string>> list) {
  http::Headers headers;
  for (const auto& [name, value] : list) headers.add(name, value);
  return headers;
}

/// The next of the cuts that were ordered; -1: none.
inline std::int64_t take_front(Shared<std::deque<std::int64_t>>& cuts) {
  return cuts.with([](std::deque<std::int64_t>& list) -> std::int64_t {
    if (list.empty()) return -1;
    const std::int64_t cut = list.front();
    list.pop_front();
    return cut;
  });
}

}  // namespace sealos::testing
