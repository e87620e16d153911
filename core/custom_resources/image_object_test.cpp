#include "core/custom_resources/image_object.hpp"

#include <doctest/doctest.h>

#include "core/yaml/yaml.hpp"
#include "support/digest/hasher.hpp"

using namespace sealos;
using namespace sealos::custom_resources;

namespace {

Content some_content() {
  Content content;
  content.type = "cloud-image";
  content.keywords = {"sql"};
  content.docs = "# Base\n";
  content.objects = {{"metadata/crd.yaml", "kind: X"}};
  return content;
}

const ImageFacts kFacts{"labring/mysql:v8.0.31", digest_of("config").str(), "amd64",
                        "2023-04-05T06:07:08.123456789Z", 42};

std::string created(const std::string& text) {
  ImageFacts facts = kFacts;
  facts.created = text;
  return image_object(facts, {}).at("spec").at("detail").text_at("creatTime");
}

}  // namespace

TEST_CASE("the object has what the image and its author say") {
  CHECK(
      yaml_of(image_object(kFacts, some_content())) ==
      "apiVersion: imagehub.sealos.io/v1\nkind: Image\nmetadata:\n"
      "  name: labring.mysql.v8.0.31\nspec:\n  name: labring/mysql:v8.0.31\n"
      "  type: cloud-image\n  detail:\n    keywords:\n      - sql\n    arch: amd64\n    size: 42\n"
      "    creatTime: \"2023-04-05T06:07:08Z\"\n    ID: " +
          kFacts.id + "\n    docs: |\n      # Base\n");
  CHECK(created("") == "1970-01-01T00:00:00Z");
  CHECK(created("yesterday, I think, or before") == "1970-01-01T00:00:00Z");
  CHECK(created("2023-04-05T06:07:08+02:00") == "2023-04-05T06:07:08+02:00");
  CHECK(created("2023-04-05T06:07:08.5") == "1970-01-01T00:00:00Z");
  ImageFacts facts;
  read_config("no json", facts);
  CHECK(facts.architecture.empty());
  read_config(R"({"architecture":"arm64","created":"x"})", facts);
  CHECK(facts.architecture == "arm64");
}

TEST_CASE("the artifact is a manifest with a subject, the same for the same image") {
  const Json subject =
      Json::object({{"mediaType", "m"}, {"digest", digest_of("s").str()}, {"size", 1}});
  const Content content = some_content();
  const Json object = image_object(kFacts, content);
  const Artifact artifact = make_artifact(object, content, subject);
  CHECK(artifact.manifest.data == make_artifact(object, content, subject).manifest.data);
  const Json json = Json::parse(artifact.manifest.data);
  CHECK(json.text_at("artifactType") == kArtifactType);
  CHECK(json.at("subject") == subject);
  CHECK(json.at("config").text_at("digest") == digest_of("{}").str());
  CHECK(json.at("annotations").text_at(kNameAnnotation) == kFacts.name);
  const auto& layers = json.at("layers").items("layers");
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].at("annotations").text_at(kTitleAnnotation) == "image.yaml");
  CHECK(layers[1].at("annotations").text_at(kTitleAnnotation) == "metadata/crd.yaml");
  CHECK(layers[1].text_at("digest") == digest_of("kind: X").str());
  REQUIRE(artifact.blobs.size() == 3);
  for (const auto& [blob, bytes] : artifact.blobs) CHECK(blob.digest == digest_of(bytes));
  CHECK(shown(object, content).ends_with("---\n# metadata/crd.yaml\nkind: X\n"));
}
