#include "records.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "support/base64/base64.hpp"

namespace sealos::containers_storage {
namespace {

/// IDs become names of folders: Go makes 64 hexadecimal digits, but takes what users give.
bool is_safe_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && id != "." && id != ".." &&
         id.find('/') == std::string_view::npos && id.find('\0') == std::string_view::npos;
}

std::int64_t integer_at(const Json& object, std::string_view key, std::int64_t otherwise) {
  const Json* value = object.find(key);
  return value == nullptr ? otherwise : value->integer(key);
}

std::vector<std::string> texts_at(const Json& object, std::string_view key) {
  std::vector<std::string> out;
  const Json* list = object.find(key);
  if (list == nullptr) return out;
  for (const Json& item : list->items(key)) out.push_back(item.string(key));
  return out;
}

/// An ID map other than that of a container whose IDs are the host's.
bool shifts(const Json& object, std::string_view key) {
  const Json* maps = object.find(key);
  if (maps == nullptr) return false;
  return std::any_of(maps->items(key).begin(), maps->items(key).end(), [](const Json& map) {
    return integer_at(map, "container_id", 0) != integer_at(map, "host_id", 0);
  });
}

LayerRecord to_layer(const Json& object) {
  LayerRecord layer;
  layer.id = object.text_at("id");
  layer.parent = object.text_at("parent");
  layer.diff_digest = object.text_at("diff-digest");
  layer.compressed_digest = object.text_at("compressed-diff-digest");
  layer.diff_size = integer_at(object, "diff-size", layer.diff_digest.empty() ? -1 : 0);
  layer.compressed_size = integer_at(object, "compressed-size", -1);
  layer.compression = integer_at(object, "compression", 0);
  layer.mapped = shifts(object, "uidmap") || shifts(object, "gidmap");
  if (const Json* flags = object.find("flags")) {
    const Json* incomplete = flags->find("incomplete");
    layer.incomplete =
        incomplete != nullptr && incomplete->is_bool() && incomplete->boolean("incomplete");
    layer.expected_diff_id = flags->text_at("expected-layer-diffid");
  }
  return layer;
}

ImageRecord to_image(const Json& object) {
  ImageRecord image;
  image.id = object.text_at("id");
  image.digest = object.text_at("digest");
  image.layer = object.text_at("layer");
  image.metadata = object.text_at("metadata");
  image.names = texts_at(object, "names");
  image.mapped_layers = texts_at(object, "mapped-layers");
  if (const Json* digests = object.find("big-data-digests")) {
    for (const auto& [key, value] : digests->members("big-data-digests"))
      image.big_data_digests.emplace(key, value.string(key));
  }
  if (const Json* sizes = object.find("big-data-sizes")) {
    for (const auto& [key, value] : sizes->members("big-data-sizes"))
      image.big_data_sizes.emplace(key, value.integer(key));
  }
  for (const std::string& key : texts_at(object, "big-data-names"))
    image.big_data_sizes.emplace(key, -1);
  return image;
}

template <typename Record>
std::vector<Record> parse_all(std::string_view text, std::string_view name,
                              Record (*convert)(const Json&)) {
  std::vector<Record> out;
  for (const Json& object : parse_records(text, name)) {
    try {
      Record record = convert(object);
      if (is_safe_id(record.id)) out.push_back(std::move(record));
    } catch (const Error& e) {
      throw Error(Status::corrupt, fmt::format("reading {}: {}", name, e.what()));
    }
  }
  return out;
}

}  // namespace

bool ImageRecord::knows(const std::string& manifest_digest) const {
  if (digest == manifest_digest) return true;
  return std::any_of(big_data_digests.begin(), big_data_digests.end(), [&](const auto& item) {
    return item.first.starts_with("manifest") && item.second == manifest_digest;
  });
}

Json::Array parse_records(std::string_view text, std::string_view name) {
  if (text.empty()) return {};
  try {
    Json root = Json::parse(text);
    if (root.is_null()) return {};
    return std::move(root.items("the list of records"));
  } catch (const Error& e) {
    throw Error(Status::corrupt, fmt::format("reading {}: {}", name, e.what()));
  }
}

std::vector<LayerRecord> parse_layers(std::string_view text, std::string_view name) {
  return parse_all(text, name, &to_layer);
}

std::vector<ImageRecord> parse_images(std::string_view text, std::string_view name) {
  return parse_all(text, name, &to_image);
}

std::string item_file_name(std::string_view key) {
  const bool plain = std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
  });
  if (plain && key != "." && key != ".." && !key.empty()) return std::string(key);
  return "=" + encode_base64(key);
}

}  // namespace sealos::containers_storage
