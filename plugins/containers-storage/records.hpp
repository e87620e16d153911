// layers.json, images.json and containers.json as values that keep what they do not know.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/json/json.hpp"

namespace sealos::containers_storage {

/// One object of layers.json or volatile-layers.json.
struct LayerRecord {
  std::string id, parent;
  std::string diff_digest;        ///< diffID; "" for containers' layers and toc-only ones
  std::string expected_diff_id;   ///< where only a table of contents was verified
  std::string compressed_digest;  ///< of the blob as it was received
  std::int64_t diff_size = -1, compressed_size = -1;
  std::int64_t compression = 0;  ///< 0 none, 1 bzip2, 2 gzip, 3 xz, 4 zstd
  bool incomplete = false;
  bool mapped = false;  ///< its files are shifted by an ID map

  /// The digest under which the layer's tar can be read, "" if it has none.
  const std::string& tar_digest() const {
    return diff_digest.empty() ? expected_diff_id : diff_digest;
  }
};

/// One object of images.json.
struct ImageRecord {
  std::string id, digest, layer, metadata;
  std::vector<std::string> names, mapped_layers;
  std::map<std::string, std::string> big_data_digests;  ///< by key of the item
  std::map<std::string, std::int64_t> big_data_sizes;

  bool has_item(const std::string& key) const { return big_data_sizes.contains(key); }
  /// Whether a manifest of the image, or a list that it came from, has this digest.
  bool knows(const std::string& manifest_digest) const;
};

/// Throws SEALOS_CORRUPT where the text is not what `name` has to be. Objects without a usable id
/// are left out.
std::vector<LayerRecord> parse_layers(std::string_view text, std::string_view name);
std::vector<ImageRecord> parse_images(std::string_view text, std::string_view name);
Json::Array parse_records(std::string_view text, std::string_view name);

/// The name of the file that an item of an image has: the key, or "=" and its base64.
std::string item_file_name(std::string_view key);

}  // namespace sealos::containers_storage
