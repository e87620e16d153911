// Small images for the tests of sif:, and SIFs taken apart.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "layer_entries.hpp"
#include "reference.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/tar_builder.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

namespace sealos::sif::testing {

using layer_tar::testing::TarBuilder;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

inline constexpr const char* kLayerType = "application/vnd.oci.image.layer.v1.tar";

inline Blob blob_of(const std::string& text, bool config = false) {
  Blob blob;
  blob.digest = digest_of(text);
  blob.size = static_cast<std::int64_t>(text.size());
  if (config) {
    blob.flags = SEALOS_BLOB_CONFIG;
  } else {
    blob.media_type = kLayerType;
    blob.layer_index = 0;
  }
  return blob;
}

inline Json descriptor(const std::string& type, const std::string& text) {
  return oci_layout::Descriptor{type, digest_of(text), static_cast<std::int64_t>(text.size())}
      .json();
}

struct Image {
  std::vector<std::string> layers;
  std::string config =
      R"({"architecture":"amd64","os":"linux","created":"2024-01-02T03:04:05Z",)"
      R"("config":{"Env":["PATH=/bin","A=b c"],"Entrypoint":["/entry"],"Cmd":["one"],)"
      R"("Labels":{"l":"v"},"User":"7","WorkingDir":"/w"}})";

  std::string manifest() const {
    Json json = Json::object({{"schemaVersion", 2}, {"mediaType", oci_layout::kOciManifest}});
    json.set("config", descriptor("application/vnd.oci.image.config.v1+json", config));
    json.set("layers", Json::array());
    for (const auto& layer : layers) json.find("layers")->push_back(descriptor(kLayerType, layer));
    return json.dump();
  }
  Item item() const { return {std::string(oci_layout::kOciManifest), manifest()}; }

  void write(const FakeHost& host, const std::string& path) const {
    const auto to = Reference(path).open_destination(host.host());
    for (const auto& layer : layers) to->put_blob(blob_of(layer), *memory_stream(layer));
    to->put_blob(blob_of(config, true), *memory_stream(config));
    to->put_manifest(std::nullopt, item());
    to->commit(item());
  }
};

inline std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string text_of(Source& source, const Json& descriptor) {
  Blob blob;
  blob.digest = Digest::require(descriptor.text_at("digest"));
  blob.size = descriptor.at("size").integer("size");
  const std::string text = read_stream(*source.open_blob(blob, 0, -1), 1 << 28, "blob");
  if (digest_of(text) != *blob.digest || static_cast<std::int64_t>(text.size()) != blob.size)
    return "another blob";
  return text;
}

/// What a tar has in it.
struct Contents final : ContentSink {
  explicit Contents(const std::string& tar) : entries(scan_layer(memory_stream(tar), [] {})) {
    std::vector<std::uint32_t> files;
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      if (entries[i].kind != layer_tar::EntryKind::file) continue;
      files.push_back(i);
      paths.push_back(entries[i].path);
    }
    read_contents(memory_stream(tar), files, *this, [] {});
  }
  void begin(size_t position) override { at = &text[paths[position]]; }
  void append(std::span<const std::byte> bytes) override {
    at->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void end() override {}

  const LayerEntry* find(const std::string& path) const {
    const LayerEntry* found = nullptr;
    for (const LayerEntry& entry : entries) {
      if (entry.path == path) found = &entry;
    }
    return found;
  }
  bool has(const std::string& path) const { return find(path) != nullptr; }

  std::vector<LayerEntry> entries;
  std::vector<std::string> paths;
  std::map<std::string, std::string> text;
  std::string* at = nullptr;
};

/// The one layer of a SIF that is read by its file system.
inline Contents files_in(const FakeHost& host, const std::string& path) {
  const auto source = Reference(path).open_source(host.host());
  const Json manifest = Json::parse(source->read_manifest(std::nullopt).data);
  return Contents(text_of(*source, manifest.at("layers").items("layers").at(0)));
}

inline Json config_in(const FakeHost& host, const std::string& path) {
  const auto source = Reference(path).open_source(host.host());
  const Json manifest = Json::parse(source->read_manifest(std::nullopt).data);
  return Json::parse(text_of(*source, manifest.at("config")));
}

}  // namespace sealos::sif::testing
