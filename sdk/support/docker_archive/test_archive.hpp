// Archives for tests, member by member.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/digest/hasher.hpp"
#include "support/docker_archive/archive_items.hpp"
#include "support/file/file_stream.hpp"
#include "support/json/json.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/tar/tar_header.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

namespace sealos::docker_archive::testing {

inline std::string hex_of(const std::string& text) { return std::string(digest_of(text).hex()); }

inline Blob blob_of(const std::string& text) {
  Blob blob;
  blob.digest = digest_of(text);
  blob.size = static_cast<std::int64_t>(text.size());
  return blob;
}

inline Json descriptor(std::string_view type, const std::string& text) {
  const auto size = static_cast<std::int64_t>(text.size());
  return oci_layout::Descriptor{std::string(type), digest_of(text), size}.json();
}

/// A configuration with these uncompressed layers.
inline std::string config_of(const std::vector<std::string>& layers, const std::string& note = "") {
  Json ids = Json::array();
  for (const std::string& layer : layers) ids.push_back(digest_of(layer).str());
  return Json::object({{"note", note}, {"rootfs", Json::object({{"diff_ids", ids}})}}).dump();
}

inline std::string manifest_of(const std::string& config, const std::vector<std::string>& layers) {
  Json list = Json::array();
  for (const std::string& layer : layers)
    list.push_back(descriptor("application/vnd.oci.image.layer.v1.tar", layer));
  return Json::object({{"schemaVersion", 2},
                       {"mediaType", oci_layout::kOciManifest},
                       {"config", descriptor("application/vnd.oci.image.config.v1+json", config)},
                       {"layers", list}})
      .dump();
}

class TestArchive {
 public:
  TestArchive& add(const std::string& name, const std::string& text) {
    TarFields fields{name, static_cast<std::int64_t>(text.size())};
    bytes_ += tar_header(fields) + text;
    bytes_.append(static_cast<size_t>(tar_padding(fields.size)), '\0');
    return *this;
  }
  TestArchive& link(const std::string& name, const std::string& target) {
    std::string block = tar_header({name, 0});
    block[156] = '2';
    block.replace(157, target.size(), target);
    block.replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    char text[8];
    std::snprintf(text, sizeof(text), "%06o", sum);
    bytes_ += block.replace(148, 7, std::string(text, 7));
    return *this;
  }
  TestArchive& blob(const std::string& text) { return add("blobs/sha256/" + hex_of(text), text); }
  void write(const std::string& path) const {
    std::ofstream(path, std::ios::binary) << bytes_ << std::string(1024, '\0');
  }

 private:
  std::string bytes_;
};

inline Json item(const std::string& config, const std::vector<std::string>& layers,
                 const std::vector<std::string>& tags) {
  return ArchiveItem{config, tags, layers}.json();
}

inline std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string text_in(const std::string& path, const std::string& name) {
  const auto tar = TarFile::open(path, {});
  return archive_text(*tar, name).value_or("nothing");
}

}  // namespace sealos::docker_archive::testing
