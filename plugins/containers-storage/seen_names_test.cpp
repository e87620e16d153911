#include "seen_names.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace sealos::containers_storage;

TEST_CASE("all names are known again, and hardly any that were not there, however many they are") {
  SeenNames names;
  const auto hash = [](int number) {
    return static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15ULL + 1;
  };
  const int few = 700000, all = 900000;
  int mistaken = 0;
  for (int i = 0; i < few; ++i) mistaken += names.insert(hash(i)) ? 0 : 1;
  CHECK(mistaken == 0);
  for (int i = few; i < all; ++i) mistaken += names.insert(hash(i)) ? 0 : 1;
  CHECK(mistaken < 30);
  int unknown = 0;
  for (int i = 0; i < all; i += 97) unknown += names.insert(hash(i)) ? 1 : 0;
  CHECK(unknown == 0);
}
