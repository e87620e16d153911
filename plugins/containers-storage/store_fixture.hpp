// A small store on the disk, made by hand for tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "records.hpp"
#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"
#include "support/testing/temp_folder.hpp"

namespace sealos::containers_storage::testing {

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// gzip that holds the text as it is, so that no compressor is needed.
std::string stored_gzip(const std::string& text);

class StoreFixture {
 public:
  explicit StoreFixture(std::string driver = "overlay") : driver_(std::move(driver)) {}

  std::string graphroot() const { return folder_.path.string(); }
  std::string details(const std::string& image) const {
    return "[" + driver_ + "@" + graphroot() + "]" + image;
  }

  /// A layer whose "tar" is "<name>" followed by the content, for each file in turn. Returns its
  /// ID.
  std::string add_layer(const std::string& parent,
                        const std::vector<std::pair<std::string, std::string>>& files) {
    std::string tar, lines;
    int position = 0;
    const std::string id = digest_of(parent + std::to_string(layers_.size())).str().substr(7);
    for (const auto& [name, content] : files) {
      const std::string header = "<" + name + ">";
      tar += header + content;
      Json segment = Json::object();
      segment.set("type", 2);
      segment.set("payload", encode_base64(header));
      segment.set("position", position++);
      Json file = Json::object();
      file.set("type", 1);
      file.set("name", name);
      if (!content.empty()) file.set("size", static_cast<std::int64_t>(content.size()));
      file.set("payload", "AAAAAAAAAAE=");
      file.set("position", position++);
      lines += segment.dump() + "\n" + file.dump() + "\n";
      if (!content.empty()) write_file(files_of(id) / ("./" + name), content);
    }
    std::filesystem::create_directories(files_of(id));
    write_file(folder_.path / (driver_ + "-layers") / (id + ".tar-split.gz"), stored_gzip(lines));
    Json record = Json::object();
    record.set("id", id);
    if (!parent.empty()) record.set("parent", parent);
    record.set("diff-digest", digest_of(tar).str());
    record.set("diff-size", static_cast<std::int64_t>(tar.size()));
    layers_.push_back(record);
    tars_.emplace_back(digest_of(tar).str(), tar);
    save();
    return id;
  }

  /// Items: "manifest" and what else; the manifest also under its digest.
  void add_image(const std::string& id, const std::string& layer,
                 const std::vector<std::string>& names,
                 std::vector<std::pair<std::string, std::string>> items) {
    Json record = Json::object();
    record.set("id", id);
    if (!layer.empty()) record.set("layer", layer);
    Json::Array list;
    for (const std::string& name : names) list.emplace_back(name);
    record.set("names", list);
    Json digests = Json::object(), sizes = Json::object();
    const std::string manifest = items.front().second;
    items.emplace_back("manifest-" + digest_of(manifest).str(), manifest);
    for (const auto& [key, text] : items) {
      write_file(folder_.path / (driver_ + "-images") / id / item_file_name(key), text);
      digests.set(key, digest_of(text).str());
      sizes.set(key, static_cast<std::int64_t>(text.size()));
    }
    record.set("digest", digest_of(manifest).str());
    record.set("big-data-digests", digests);
    record.set("big-data-sizes", sizes);
    images_.push_back(record);
    save();
  }

  /// An image with these layers, as buildah makes it; its ID is the config's digest.
  std::string add_built_image(const std::string& top, const std::vector<std::string>& names) {
    const std::string config = "{\"os\":\"linux\",\"made\":" + std::to_string(images_.size()) + "}";
    std::string layers;
    for (const auto& [digest, tar] : tars_) {
      layers += (layers.empty() ? "" : ",") +
                ("{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" +
                 digest + "\",\"size\":" + std::to_string(tar.size()) + "}");
    }
    const std::string manifest =
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
        "vnd.oci.image.config.v1+json\","
        "\"digest\":\"" +
        digest_of(config).str() + "\",\"size\":" + std::to_string(config.size()) +
        "},\"layers\":[" + layers + "]}";
    const std::string id = digest_of(config).str().substr(7);
    add_image(id, top, names, {{"manifest", manifest}, {digest_of(config).str(), config}});
    return id;
  }

  std::filesystem::path files_of(const std::string& layer) const {
    return driver_ == "vfs" ? folder_.path / "vfs/dir" / layer
                            : folder_.path / "overlay" / layer / "diff";
  }
  const std::filesystem::path& path() const { return folder_.path; }
  /// Digest and bytes, in the order of add_layer.
  const std::vector<std::pair<std::string, std::string>>& tars() const { return tars_; }
  Json& layer_record(size_t i) { return layers_[i]; }
  void save() const {
    write_file(folder_.path / (driver_ + "-layers/layers.json"), Json(layers_).dump());
    write_file(folder_.path / (driver_ + "-images/images.json"), Json(images_).dump());
  }

 private:
  sealos::testing::TempFolder folder_;
  std::string driver_;
  Json::Array layers_, images_;
  std::vector<std::pair<std::string, std::string>> tars_;
};

}  // namespace sealos::containers_storage::testing
