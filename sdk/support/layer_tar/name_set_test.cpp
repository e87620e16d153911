#include "support/layer_tar/name_set.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/layer_tar/tar_path.hpp"

using namespace sealos::layer_tar;

TEST_CASE("a name set knows all it was given, and hardly anything else, however many they are") {
  NameSet set;
  const auto hash = [](const char* kind, int number) {
    return hash_of_name(kind + std::to_string(number));
  };
  int unknown = 0;
  for (int i = 0; i < 1500000; ++i) unknown += set.insert(hash("a/", i)) ? 1 : 0;
  CHECK(unknown > 1500000 - 300);
  for (int i = 0; i < 1500000; i += 997) CHECK_FALSE(set.insert(hash("a/", i)));
  CHECK_FALSE(set.insert(hash("a/", 1499999)));
  int mistaken = 0;
  for (int i = 0; i < 100000; ++i) mistaken += set.contains(hash("b/", i)) ? 1 : 0;
  CHECK(mistaken < 30);
}

TEST_CASE("few names are told apart exactly") {
  NameSet set;
  CHECK(set.insert(0));
  CHECK_FALSE(set.insert(0));
  for (std::uint64_t i = 2; i < 5000; ++i) CHECK(set.insert(i));
  for (std::uint64_t i = 5000; i < 9000; ++i) CHECK_FALSE(set.contains(i));
}
