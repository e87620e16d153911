#include <doctest/doctest.h>
#include <fcntl.h>

#include "image_config.hpp"
#include "sif_file.hpp"
#include "test_image.hpp"

using namespace sealos;
using namespace sealos::sif;
using namespace sealos::sif::testing;

namespace {

Image small_image() {
  Image image;
  image.layers = {
      TarBuilder()
          .folder("bin")
          .file("bin/sh", std::string(300000, 's') + "end")
          .link("bin/ash", "bin/sh")
          .symlink("bin/link", "sh")
          .file("removed", "secret text of a lower layer")
          .pax({{"SCHILY.xattr.user.note", "kept"}, {"SCHILY.xattr.system.posix_acl", "no"}})
          .add({"etc/set-id", '0', "id", "", -1, 04711, 77})
          .add({"etc", '5', "", "", -1, 0750, 88})
          .done(),
      TarBuilder().file(".wh.removed", "").file("empty", "").file("small", "small").done()};
  return image;
}

}  // namespace

TEST_CASE("an image becomes a SIF whose files are those of the layers together") {
  TempFolder folder;
  FakeHost host;
  small_image().write(host, folder.str("a.sif"));
  host.options["sif.read"] = "filesystem";
  const Contents files = files_in(host, folder.str("a.sif"));
  CHECK(files.text.at("bin/ash") == std::string(300000, 's') + "end");
  CHECK(files.find("bin/sh")->kind == layer_tar::EntryKind::hard_link);
  CHECK(files.find("bin/sh")->link == "bin/ash");
  CHECK(files.find("bin/link")->link == "sh");
  CHECK(files.text.at("small") == "small");
  CHECK(files.text.at("empty").empty());
  CHECK_FALSE(files.has("removed"));
  const LayerEntry& marked = *files.find("etc/set-id");
  CHECK(marked.mode == 04711);
  CHECK(marked.mtime == 77);
  CHECK(marked.uid == ::geteuid());
  CHECK(marked.xattrs == std::vector<std::pair<std::string, std::string>>{{"user.note", "kept"}});
  CHECK(files.find("etc")->mode == 0750);
  CHECK(files.find("etc")->mtime == 88);
  CHECK(files.text.at(".singularity.d/runscript").find("set -- '/entry'") != std::string::npos);
  CHECK(files.text.at("etc/hosts").empty());
  CHECK(files.find(".run")->link == ".singularity.d/actions/run");
  // What is removed is not in the file either.
  const std::string bytes = content(folder.path / "a.sif");
  CHECK(bytes.find("secret text") == std::string::npos);
  bool warned = false;
  for (const std::string& log : host.logs) warned |= log.find("posix_acl") != std::string::npos;
  CHECK(warned);
}

TEST_CASE("the same image gives the same bytes, in whatever order its layers come") {
  TempFolder folder;
  FakeHost host;
  const Image image = small_image();
  image.write(host, folder.str("a.sif"));
  const auto to = Reference(folder.str("b.sif")).open_destination(host.host());
  to->put_blob(blob_of(image.config, true), *memory_stream(image.config));
  to->put_blob(blob_of(image.layers[1]), *memory_stream(image.layers[1]));
  to->put_blob(blob_of(image.layers[0]), *memory_stream(image.layers[0]));
  to->put_manifest(std::nullopt, image.item());
  to->commit(image.item());
  CHECK(content(folder.path / "a.sif") == content(folder.path / "b.sif"));
  const SifFile file(folder.str("a.sif"));
  CHECK(time_text(file.header().created) == "2024-01-02T03:04:05Z");
  CHECK(architecture_of(file.header().arch) == "amd64");
  const Descriptor& partition = root_partition(file);
  CHECK(partition.offset % kAlignment == 0);
  CHECK(partition.size % kAlignment == 0);
}

TEST_CASE("with its layers kept, a SIF gives the image back, digest for digest") {
  TempFolder folder;
  FakeHost host;
  Image image = small_image();
  image.layers.push_back(image.layers[0]);  // one that comes twice
  std::string form;
  SUBCASE("native") { host.options["sif.keep-layers"] = "true"; }
  SUBCASE("OCI-SIF") { host.options["sif.format"] = "oci"; }
  image.write(host, folder.str("a.sif"));
  host.options["sif.read"] = "original";
  const auto source = Reference(folder.str("a.sif")).open_source(host.host());
  const Item manifest = source->read_manifest(std::nullopt);
  CHECK(manifest.data == image.manifest());
  CHECK(manifest.label == oci_layout::kOciManifest);
  const Json json = Json::parse(manifest.data);
  CHECK(text_of(*source, json.at("config")) == image.config);
  for (size_t i = 0; i < image.layers.size(); ++i)
    CHECK(text_of(*source, json.at("layers").items("layers")[i]) == image.layers[i]);
}

TEST_CASE("without its layers, a SIF gives its files and the configuration back") {
  TempFolder folder;
  FakeHost host;
  const Image image = small_image();
  image.write(host, folder.str("a.sif"));
  const Json config = config_in(host, folder.str("a.sif"));
  CHECK(config.at("config") == Json::parse(image.config).at("config"));
  CHECK(config.text_at("created") == "2024-01-02T03:04:05Z");
  CHECK(config.at("rootfs").at("diff_ids").items("diff_ids").size() == 1);
  host.options["sif.read"] = "skopeo";
  const Json as_skopeo = config_in(host, folder.str("a.sif"));
  CHECK(as_skopeo.at("config").at("Cmd").items("Cmd")[0] == Json("/podman/runscript"));
  const Contents files = files_in(host, folder.str("a.sif"));
  CHECK(files.text.at("podman/runscript").starts_with("#!/bin/bash\nexport PATH='/bin'\n"));
  host.options["sif.read"] = "original";
  CHECK_THROWS_WITH_AS(Reference(folder.str("a.sif")).open_source(host.host()),
                       doctest::Contains("does not keep"), Error);
}

TEST_CASE("options change owners, modes and compression, and wrong ones are refused") {
  TempFolder folder;
  FakeHost host;
  host.options = {{"sif.owners", "root"},
                  {"sif.fix-perms", "true"},
                  {"sif.compression", "zstd"},
                  {"sif.level", "1"}};
  Image image = small_image();
  image.layers.push_back(TarBuilder().add({"locked", '0', "x", "", -1, 0, 0}).done());
  image.write(host, folder.str("a.sif"));
  const Contents files = files_in(host, folder.str("a.sif"));
  CHECK(files.find("locked")->mode == 0600);
  CHECK(files.find("small")->uid == 0);
  for (const auto& [key, value] : std::map<std::string, std::string>{{"sif.owners", "me"},
                                                                     {"sif.fix-perms", "1"},
                                                                     {"sif.compression", "lzo"},
                                                                     {"sif.level", "0"},
                                                                     {"sif.format", "tar"},
                                                                     {"sif.existing", "add"}}) {
    const std::string option = key;
    CAPTURE(option);
    FakeHost other;
    other.options[key] = value;
    CHECK_THROWS_AS(Reference(folder.str("b.sif")).open_destination(other.host()), Error);
  }
  FakeHost oci;
  oci.options = {{"sif.format", "oci"}, {"sif.level", "1"}};
  CHECK_THROWS_AS(Reference(folder.str("b.sif")).open_destination(oci.host()), Error);
  CHECK_FALSE(std::filesystem::exists(folder.path / "b.sif"));
}

TEST_CASE("a file that is there stays until the new one is whole, and one that is no SIF stays") {
  TempFolder folder;
  FakeHost host;
  small_image().write(host, folder.str("a.sif"));
  const std::string before = content(folder.path / "a.sif");
  {
    const auto to = Reference(folder.str("a.sif")).open_destination(host.host());
    to->put_blob(blob_of(small_image().layers[0]), *memory_stream(small_image().layers[0]));
  }
  CHECK(content(folder.path / "a.sif") == before);
  Image other = small_image();
  other.layers.pop_back();
  other.write(host, folder.str("a.sif"));
  CHECK(content(folder.path / "a.sif") != before);
  write_text(folder.path / "thesis", "dear reader");
  CHECK_THROWS_WITH_AS(other.write(host, folder.str("thesis")),
                       doctest::Contains("sif.existing=replace"), Error);
  CHECK(content(folder.path / "thesis") == "dear reader");
  host.options["sif.existing"] = "refuse";
  CHECK_THROWS_AS(other.write(host, folder.str("a.sif")), Error);
  host.options["sif.existing"] = "replace";
  other.write(host, folder.str("thesis"));
  CHECK(files_in(host, folder.str("thesis")).has("bin/sh"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 2);
}

TEST_CASE("layers are read where they are, and must not change until the SIF is whole") {
  TempFolder folder;
  FakeHost host;
  host.options["sif.keep-layers"] = "true";
  Image image = small_image();
  image.layers.pop_back();
  const auto path = folder.path / "layer";
  for (const bool changes : {false, true}) {
    CAPTURE(changes);
    write_text(path, "before" + image.layers[0]);
    const auto to = Reference(folder.str("a.sif")).open_destination(host.host());
    to->put_blob(blob_of(image.layers[0]),
                 *file_stream(open_at(AT_FDCWD, path, O_RDONLY), "layer", 6));
    to->put_blob(blob_of(image.config, true), *memory_stream(image.config));
    to->put_manifest(std::nullopt, image.item());
    // Another name for the file changes its times, too, and does no harm.
    std::filesystem::create_hard_link(path, folder.path / (changes ? "second" : "first"));
    if (!changes) {
      to->commit(image.item());
      const auto source = Reference(folder.str("a.sif")).open_source(host.host());
      const Json manifest = Json::parse(source->read_manifest(std::nullopt).data);
      CHECK(text_of(*source, manifest.at("layers").items("layers")[0]) == image.layers[0]);
      continue;
    }
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(300000);
    file << "changed";
    file.close();
    CHECK_THROWS_WITH_AS(to->commit(image.item()), doctest::Contains("was changed"), Error);
  }
}

TEST_CASE("layers that are no tar are refused") {
  TempFolder folder;
  FakeHost host;
  const auto to = Reference(folder.str("a.sif")).open_destination(host.host());
  const std::string noise(5000, 'n');
  CHECK_THROWS_AS(to->put_blob(blob_of(noise), *memory_stream(noise)), Error);
  Blob wrong = blob_of("x");
  wrong.media_type = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
  CHECK_THROWS_WITH_AS(to->put_blob(wrong, *memory_stream("x")), doctest::Contains("encrypted"),
                       Error);
  wrong.media_type = "application/vnd.example.model";
  CHECK_THROWS_AS(to->put_blob(wrong, *memory_stream("x")), Error);
}
