// A small image for the tests of oci:.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "oci_reference.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

namespace sealos::oci::testing {

inline Blob blob_of(const std::string& text) {
  Blob blob;
  blob.digest = digest_of(text);
  blob.size = static_cast<std::int64_t>(text.size());
  return blob;
}

inline Json descriptor(const std::string& type, const std::string& text) {
  return oci_layout::Descriptor{type, digest_of(text), static_cast<std::int64_t>(text.size())}
      .json();
}

inline std::string manifest_of(const std::vector<std::string>& layers) {
  Json json = Json::object({{"schemaVersion", 2}, {"mediaType", oci_layout::kOciManifest}});
  json.set("config", descriptor("application/vnd.oci.image.config.v1+json", "{}"));
  json.set("layers", Json::array());
  for (const auto& layer : layers)
    json.find("layers")->push_back(descriptor("application/vnd.oci.image.layer.v1.tar", layer));
  return json.dump();
}

inline Item item_of(const std::string& manifest) {
  return {std::string(oci_layout::kOciManifest), manifest};
}

inline void write_image(const sealos::testing::FakeHost& host, const std::string& details,
                        const std::vector<std::string>& layers) {
  const auto to = Reference(details).open_destination(host.host());
  for (const auto& layer : layers) to->put_blob(blob_of(layer), *memory_stream(layer));
  to->put_blob(blob_of("{}"), *memory_stream("{}"));
  to->put_manifest(std::nullopt, item_of(manifest_of(layers)));
  to->commit(item_of(manifest_of(layers)));
}

inline std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::set<std::string> files_below(const std::filesystem::path& path) {
  std::set<std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (!entry.is_directory()) all.insert(std::filesystem::relative(entry.path(), path));
  }
  return all;
}

inline std::string file_of(const std::string& text) { return "blobs/" + path_of(digest_of(text)); }

}  // namespace sealos::oci::testing
