// The custom resource of an image, on its way with the image and without.
#include "core/copy/cr_show.hpp"
#include "core/copy/memory_fixture.hpp"
#include "core/custom_resources/image_object.hpp"
#include "support/compression/compression.hpp"
#include "support/layer_tar/tar_builder.hpp"

using namespace sealos;
using namespace sealos::testing;
using custom_resources::CrOption;
using layer_tar::testing::TarBuilder;

namespace {

const std::string kObject =
    "apiVersion: imagehub.sealos.io/v1\nkind: Image\nspec: {type: cloud-image}\n";

std::string zipped(const std::string& bytes) {
  return read_stream(*compress(memory_stream(bytes), Compression::gzip), 1 << 26, "it");
}

/// Noise, so that a layer with it is not a small one.
std::string noise() {
  std::string text;
  std::uint32_t state = 1;
  for (int i = 0; i < 300'000; ++i) {
    state = state * 1664525 + 1013904223;
    text += static_cast<char>(state >> 24);
  }
  return text;
}

struct Notes : Progress {
  std::vector<std::string> texts;
  void note(const std::string& text) override { texts.push_back(text); }
};

struct Resources : Fixture {
  Notes notes;
  std::string config_file = kObject;
  std::string lower = TarBuilder().file("README.md", "old").file("bin/tool", noise()).done();

  std::string upper() const {
    return TarBuilder()
        .file("metadata/config.yaml", config_file)
        .file("README.md", "# New\n")
        .file("lib", noise())
        .done();
  }
  void put_image(bool packed, const std::string& label = "") {
    const std::string type = packed ? kPlain + "+gzip" : kPlain;
    const std::vector<std::string> plain = {lower, upper()};
    std::vector<std::string> layers = plain;
    if (packed) layers = {zipped(plain[0]), zipped(plain[1])};
    std::string manifest = image(type, layers, "amd64", plain);
    if (!label.empty())
      manifest.replace(manifest.rfind('}'), 1, R"(,"annotations":{")" + label + R"(":"x"}})");
    from.manifests[""] = manifest;
  }
  CopyReport push(CrOption option) {
    request.custom_resource.option = option;
    notes.texts.clear();
    from.opened_layers.clear();
    CancelToken fresh;
    return copy_image(finder(), hooks, fresh, request, notes);
  }
  std::string problem(CrOption option) {
    try {
      push(option);
      return "none";
    } catch (const CopyError& e) {
      return std::to_string(static_cast<int>(e.side())) + " " + e.message();
    }
  }
  std::string sent() const {
    std::string text;
    for (const Item& manifest : to.referrers) {
      const Json json = Json::parse(manifest.data);
      for (const Json& layer : json.at("layers").items("layers"))
        text += to.blobs.at(layer.text_at("digest"));
    }
    return text;
  }
};

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

}  // namespace

TEST_CASE_FIXTURE(Resources,
                  "auto sends what it sees in layers that are packed on their way, once") {
  put_image(false);
  to.compression = LayerCompression::compress;
  const CopyReport report = push(CrOption::automatic);
  REQUIRE(report.custom_resource);
  CHECK(report.custom_resource->sent);
  REQUIRE(to.referrers.size() == 1);
  CHECK(subject_of(to.referrers[0]) == report.digest);
  CHECK(has(sent(), "type: cloud-image"));
  CHECK(has(sent(), "# New"));
  for (const auto& [digest, count] : from.opened_layers) CHECK(count == 1);
  CHECK(notes.texts.empty());
  push(CrOption::automatic);
  CHECK(to.referrers.size() == 1);
}

TEST_CASE_FIXTURE(Resources, "compressed layers are looked into for an image that is labelled so") {
  put_image(true);
  CHECK_FALSE(push(CrOption::automatic).custom_resource);
  put_image(true, "sealos.io.type");
  const CopyReport first = push(CrOption::automatic);
  REQUIRE(first.custom_resource);
  CHECK(first.custom_resource->sent);
  CHECK(first.digest == digest_of(from.manifests[""]));
  // Everything is there: nothing is read, nothing is sent.
  const CopyReport second = push(CrOption::automatic);
  REQUIRE(second.custom_resource);
  CHECK_FALSE(second.custom_resource->sent);
  CHECK(second.custom_resource->digest == first.custom_resource->digest);
  CHECK(from.opened_layers.size() == 1);  // the config
  CHECK(to.referrers.size() == 1);
}

TEST_CASE_FIXTURE(Resources, "a layer of few bytes is always worth a look") {
  const std::string small = TarBuilder().file("metadata/config.yaml", kObject).done();
  from.manifests[""] =
      image(kPlain + "+gzip", {zipped(lower), zipped(small)}, "amd64", {lower, small});
  const CopyReport report = push(CrOption::automatic);
  REQUIRE(report.custom_resource);
  CHECK(has(sent(), "docs: old"));  // then the large one was read too
}

TEST_CASE_FIXTURE(Resources, "yes sends one of every image, and again only if it is another one") {
  put_image(true);
  push(CrOption::no);
  CHECK(to.referrers.empty());
  const CopyReport report = push(CrOption::yes);
  CHECK(report.custom_resource->sent);
  CHECK(from.opened_layers.size() == 3);  // though the destination has the layers
  CHECK_FALSE(push(CrOption::yes).custom_resource->sent);
  CHECK(to.referrers.size() == 1);
  config_file = kObject + "# changed\n";
  put_image(true);
  CHECK(push(CrOption::yes).custom_resource->sent);
  CHECK(to.referrers.size() == 2);
  from.manifests[""] = image(kPlain, {TarBuilder().file("a", "b").done()});
  CHECK(push(CrOption::yes).custom_resource->sent);
  CHECK_FALSE(push(CrOption::automatic).custom_resource);
}

TEST_CASE_FIXTURE(Resources, "only needs the same image at the destination") {
  put_image(true);
  CHECK(has(problem(CrOption::only), "the image itself has to be there first"));
  CHECK_FALSE(to.opened);
  push(CrOption::no);
  const int puts = to.puts, commits = to.commits;
  const CopyReport report = push(CrOption::only);
  CHECK(report.custom_resource->sent);
  CHECK(report.digest == digest_of(to.referrers.at(0).data));
  CHECK(subject_of(to.referrers[0]) == digest_of(to.manifests[""]));
  CHECK(to.puts == puts + 2);
  CHECK(to.commits == commits + 1);
  CHECK_FALSE(push(CrOption::only).custom_resource->sent);
  CHECK(to.commits == commits + 1);
  config_file += "# other\n";
  put_image(true);
  CHECK(has(problem(CrOption::only), "another image is there"));
  CHECK(to.referrers.size() == 1);
}

TEST_CASE_FIXTURE(Resources, "what is wrong ends yes before any manifest, and auto with a note") {
  config_file = "apiVersion: imagehub.sealos.io/v1\nkind: [\n";
  put_image(false);
  to.compression = LayerCompression::compress;
  CHECK(has(problem(CrOption::yes), "metadata/config.yaml: line"));
  CHECK(to.manifests.empty());
  CHECK(to.aborts == 1);
  CHECK_FALSE(push(CrOption::automatic).custom_resource);
  REQUIRE(notes.texts.size() == 1);
  CHECK(has(notes.texts[0], "goes without a custom resource"));
  CHECK(to.commits == 1);
}

TEST_CASE_FIXTURE(Resources,
                  "a registry that refuses it does not stop an image that only has one") {
  put_image(false);
  to.compression = LayerCompression::compress;
  to.list_fails = true;
  CHECK_FALSE(push(CrOption::automatic).custom_resource);
  CHECK(notes.texts.size() == 1);
  CHECK(has(problem(CrOption::yes), "writing the custom resource"));
}

TEST_CASE_FIXTURE(Resources, "of several images this machine's is described, for the index") {
  const std::string host = Platform::host().architecture,
                    other = host == "amd64" ? "arm64" : "amd64";
  const auto one = [&](const std::string& architecture) {
    const std::string tar =
        TarBuilder().file("metadata/config.yaml", kObject).file("README.md", architecture).done();
    return entry(image(kPlain, {tar}, architecture), "linux/" + architecture);
  };
  from.manifests[""] = index({one(other), one(host)});
  request.all = true;
  const CopyReport report = push(CrOption::automatic);
  REQUIRE(report.custom_resource);
  CHECK(subject_of(to.referrers.at(0)) == digest_of(from.manifests[""]));
  CHECK(has(sent(), "arch: " + host));
  from.manifests[""] = index({one(other)});
  to.blobs.clear();  // what is there already is not looked into
  to.referrers.clear();
  push(CrOption::automatic);
  CHECK(has(sent(), "docs: " + other));
}

TEST_CASE_FIXTURE(Resources, "for a hub that lists every image, auto sends one of every image") {
  from.manifests[""] = image(kPlain, {TarBuilder().file("a", "b").done()});
  request.custom_resource.for_every_image = true;
  const CopyReport report = push(CrOption::automatic);
  REQUIRE(report.custom_resource);
  CHECK(report.custom_resource->object.text_at("kind") == "Image");
  CHECK(push(CrOption::automatic).custom_resource->object.text_at("kind") == "Image");
  CHECK(to.referrers.size() == 1);
}

TEST_CASE_FIXTURE(Resources, "it is shown as it would be made, and as it was published") {
  put_image(true);
  push(CrOption::yes);
  CopyRequest there;
  there.source = there.destination = {"memory", "to"};
  const auto shown = [&](const CopyRequest& request, bool published) {
    CancelToken fresh;
    return show_custom_resource(finder(), hooks, fresh, request, published, notes);
  };
  CHECK(shown(there, true) == sent());
  CHECK(shown(there, true) == shown(there, false));
  CHECK(has(shown(request, false), "type: cloud-image"));
  CHECK_THROWS_WITH_AS(shown(request, true), doctest::Contains("no custom resource is there"),
                       CopyError);
}
