#include "core/custom_resources/content.hpp"

#include <doctest/doctest.h>

#include "sealos/sdk/error.hpp"

using namespace sealos;
using namespace sealos::custom_resources;

namespace {

const std::string kImage =
    "apiVersion: imagehub.sealos.io/v1\nkind: Image\nmetadata: {name: x}\nspec:\n"
    "  type: cloud-image\n  detail:\n    description: A base\n    keywords: [sql, base]\n"
    "    icon: https://x/i.png\n    url: https://x\n    docs: short\n";
const std::string kCrd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n";

std::string problem_of(const std::map<std::string, std::string>& files) {
  try {
    read_content(files);
    return "none";
  } catch (const Error& e) {
    return e.message();
  }
}

}  // namespace

TEST_CASE("the image's own file says what its author knows") {
  const Content content = read_content({{"metadata/config.yaml", kImage}});
  CHECK(content.own_file);
  CHECK(content.meant());
  CHECK(content.type == "cloud-image");
  CHECK(content.description == "A base");
  CHECK(content.keywords == std::vector<std::string>{"sql", "base"});
  CHECK(content.icon == "https://x/i.png");
  CHECK(content.url == "https://x");
  CHECK(content.docs == "short");
  CHECK(content.objects.empty());
  CHECK(read_content({{"metadata/config.yml", kImage}, {"README.md", "long"}}).docs == "long");
}

TEST_CASE("files with Kubernetes objects go along, others stay") {
  const Content content = read_content({{"README.md", "x"},
                                        {"metadata/a/crd.yaml", kCrd + "---\n---\n" + kCrd},
                                        {"metadata/annotations.yaml", "annotations: {a: b}\n"},
                                        {"metadata/config.yaml", "log: debug\n"},
                                        {"metadata/empty.yaml", ""},
                                        {"metadata/mixed.yaml", kCrd + "---\nvalues: 1\n"}});
  CHECK_FALSE(content.own_file);
  CHECK(content.meant());
  REQUIRE(content.objects.size() == 1);
  CHECK(content.objects[0].path == "metadata/a/crd.yaml");
  CHECK(content.objects[0].bytes == kCrd + "---\n---\n" + kCrd);
  CHECK_FALSE(read_content({{"README.md", "x"}}).meant());
}

TEST_CASE("what makes no sense is refused with its file") {
  CHECK(problem_of({{"metadata/config.yaml", kImage + "---\n" + kImage}}).find("more than one") !=
        std::string::npos);
  CHECK(problem_of({{"metadata/config.yaml", kImage}, {"metadata/other.yaml", kImage}})
            .starts_with("metadata/other.yaml: it has an Image object"));
  CHECK(problem_of({{"metadata/config.yaml", kImage}, {"metadata/config.yml", kImage}}) != "none");
  CHECK(problem_of({{"metadata/config.yaml", kImage + "---\n" + kCrd}}).find("other documents") !=
        std::string::npos);
  CHECK(
      problem_of({{"metadata/config.yaml", "a: [\n"}}).starts_with("metadata/config.yaml: line "));
  CHECK(problem_of({{"README.md", "\xff"}}).find("UTF-8") != std::string::npos);
  const std::string head = "apiVersion: imagehub.sealos.io/v1\nkind: Image\n";
  CHECK(problem_of({{"metadata/config.yaml", head + "spec: x\n"}}) ==
        "metadata/config.yaml: line 3: spec is no map");
  CHECK(problem_of({{"metadata/config.yaml", head + "spec: {detail: {keywords: sql}}\n"}})
            .find("no list") != std::string::npos);
  CHECK(problem_of({{"metadata/config.yaml", head + "spec: {type: [x]}\n"}}).find("no text") !=
        std::string::npos);
}
