#include "core/yaml/yaml.hpp"

#include <doctest/doctest.h>

using namespace sealos;

TEST_CASE("documents are read with their lines; an alias is the value that it names") {
  const auto documents =
      parse_yaml("a: &x [1, two]\nb: *x\nc: ~\n---\n# nothing\n---\n\"d\": ''\n");
  REQUIRE(documents.size() == 3);
  const Yaml& first = *documents[0];
  CHECK(first.find("b") == first.find("a"));
  CHECK(first.find("b")->items[1]->text == "two");
  CHECK(first.find("c") == nullptr);
  CHECK(first.find("a")->line == 1);
  CHECK(documents[1]->kind == Yaml::Kind::null);
  CHECK(documents[2]->text_at("d") == "");
  CHECK(parse_yaml("").empty());
}

TEST_CASE("what is malformed is refused with its line") {
  CHECK_THROWS_WITH_AS(parse_yaml("a: 1\nb: [1,\n"), doctest::Contains("line 3"), Error);
  CHECK_THROWS_WITH_AS(parse_yaml("a: 1\na: 2\n"), doctest::Contains("line 2: \"a\" occurs twice"),
                       Error);
  CHECK_THROWS_WITH_AS(parse_yaml("? [x]\n: 2\n"), doctest::Contains("no text"), Error);
  CHECK_THROWS_WITH_AS(parse_yaml("a: *b\n"), doctest::Contains("line 1"), Error);
  CHECK_THROWS_WITH_AS(parse_yaml("a: \xff\n"), doctest::Contains("UTF-8"), Error);
  CHECK_THROWS_WITH_AS(parse_yaml("a: &a [*a]\n"), doctest::Contains("inside"), Error);
  CHECK_THROWS_AS(parse_yaml("a: {b}: c\n\t- x"), Error);
}

TEST_CASE("bombs are refused, or cost no more than their text") {
  std::string laughs = "a0: &a0 lol\n";
  for (int i = 1; i < 40; ++i) {
    const std::string former = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + former + ", " + former +
              "]\n";
  }
  CHECK(parse_yaml(laughs).front()->members.size() == 40);
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 20000; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
             "]\n";
  CHECK_THROWS_WITH_AS(parse_yaml(chain), doctest::Contains("too deeply"), Error);
  CHECK_THROWS_AS(parse_yaml(std::string(200'000, '[')), Error);
  std::string dashes;
  for (int i = 0; i < 200'000; ++i) dashes += "- ";
  CHECK_THROWS_AS(parse_yaml(dashes), Error);
  std::string many;
  for (int i = 0; i < 120'000; ++i) many += "-\n";
  CHECK_THROWS_WITH_AS(parse_yaml(many), doctest::Contains("too many values"), Error);
}

TEST_CASE("what is written is read again as it was") {
  const std::string readme = "# Title\n\n  indented\n\ttab\nlast: line\n";
  const std::string odd[] = {"true",
                             "- x",
                             "1",
                             "",
                             "two\n\n",
                             " blank\nx",
                             "\"quoted\" \\ \x7f\x1b",
                             "caf\xc3\xa9 \xe2\x80\xa8",
                             "x: y",
                             "no end\nof line",
                             "\n"};
  Json list = Json::array();
  for (const std::string& text : odd) list.push_back(text);
  const Json value =
      Json::object({{"kind", "Image"},
                    {"docs", readme},
                    {"size", std::int64_t{7}},
                    {"list", list},
                    {"inner", Json::object({{"docs", readme}, {"none", Json::array()}})}});
  const std::string text = yaml_of(value);
  CHECK(text.starts_with("kind: Image\ndocs: |\n  # Title\n\n    indented\n"));
  const auto read = parse_yaml(text);
  REQUIRE(read.size() == 1);
  CHECK(read[0]->text_at("docs") == readme);
  CHECK(read[0]->text_at("size") == "7");
  CHECK(read[0]->find("inner")->text_at("docs") == readme);
  REQUIRE(read[0]->find("list")->items.size() == std::size(odd));
  for (size_t i = 0; i < std::size(odd); ++i)
    CHECK(read[0]->find("list")->items[i]->text == odd[i]);
}
