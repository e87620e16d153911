#include "seen_names.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/layer_tar/tar_path.hpp"

using namespace sealos::containers_storage;

TEST_CASE("all names are known again, and hardly any that were not there, however many they are") {
  SeenNames names;
  const auto hash = [](int number) {
    return sealos::layer_tar::hash_of_name("a/" + std::to_string(number));
  };
  int mistaken = 0;
  for (int i = 0; i < 700000; ++i) mistaken += names.insert(hash(i)) ? 0 : 1;
  CHECK(mistaken == 0);
  for (int i = 700000; i < 1500000; ++i) mistaken += names.insert(hash(i)) ? 0 : 1;
  CHECK(mistaken < 100);
  int unknown = 0;
  for (int i = 0; i < 1500000; i += 97) unknown += names.insert(hash(i)) ? 1 : 0;
  CHECK(unknown == 0);
}
