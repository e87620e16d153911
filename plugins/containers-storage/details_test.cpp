#include "details.hpp"

#include <doctest/doctest.h>

using namespace sealos;
using namespace sealos::containers_storage;

TEST_CASE("a reference is cut into store and image") {
  const Details d = split_details("[overlay@/g/a+/r:mountopt=nodev,size=1]localhost/app:1");
  CHECK(d.store.driver == "overlay");
  CHECK(d.store.graphroot == "/g/a");
  CHECK(d.store.runroot == "/r");
  CHECK(d.store.options == std::vector<std::string>{"mountopt=nodev", "size=1"});
  CHECK(d.image == "localhost/app:1");
  CHECK(split_details("app").store.empty());
  CHECK(split_details("[/g]app").store.graphroot == "/g");
  CHECK(split_details("[+/r]app").store.runroot == "/r");
}

TEST_CASE("a store part that is no store is refused") {
  for (const char* text : {"[]a", "[a", "[@/g]a", "[overlay@]a", "[overlay@/g+/r:]a", "[g]a",
                           "[overlay@/g+r]a", "[btrfs@/g]a", "[overlay2@/g]a", "[/g]", ""}) {
    CAPTURE(text);
    CHECK_THROWS_AS(split_details(text), Error);
  }
}

TEST_CASE("names get their normal form") {
  CHECK(parse_image("app").name->str() == "docker.io/library/app:latest");
  CHECK(parse_image("team/app:5").name->str() == "docker.io/team/app:5");
  CHECK(parse_image("localhost/app:5").name->str() == "localhost/app:5");
  CHECK(parse_image("app:5").short_name);
  CHECK(parse_image("team/app:5").short_name);
  CHECK_FALSE(parse_image("localhost/app:5").short_name);
  CHECK_FALSE(parse_image("example.com/app").short_name);
  CHECK_FALSE(parse_image("host:5000/app").short_name);
}

TEST_CASE("IDs and their beginnings are recognised") {
  const std::string id(64, 'a');
  CHECK(parse_image(id).id == id);
  CHECK_FALSE(parse_image(id).name);
  CHECK(parse_image("@" + id).id == id);
  const ImageForm both = parse_image("localhost/app:1@" + id);
  CHECK(both.id == id);
  CHECK(both.name->str() == "localhost/app:1");
  CHECK(parse_image("abc").id_prefix == "abc");
  CHECK(parse_image("abc").name->str() == "docker.io/library/abc:latest");
  CHECK(parse_image("ab").id_prefix.empty());
  CHECK(parse_image("app@abc").id_prefix == "abc");
  const ImageForm digested = parse_image("localhost/app@sha256:" + id);
  CHECK(digested.name->digest->hex() == id);
  CHECK(digested.name->tag.empty());
  CHECK(parse_image("sha256:" + id).digest->hex() == id);
}

TEST_CASE("an image part that is nothing is refused") {
  for (const char* text : {"", "app@", "app@xyz", "app@ab", "App", "a:b:c", "app:"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_image(text), Error);
  }
}
