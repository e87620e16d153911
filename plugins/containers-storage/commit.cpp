#include "commit.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "details.hpp"
#include "record_file.hpp"
#include "records.hpp"
#include "support/digest/hasher.hpp"
#include "tree.hpp"

namespace sealos::containers_storage {
namespace {

Json incomplete_record(const ChainLayer& layer) {
  Json record = Json::object();
  record.set("id", layer.id);
  if (!layer.parent.empty()) record.set("parent", layer.parent);
  record.set("created", time_now());
  Json flags = Json::object();
  flags.set("incomplete", true);
  record.set("flags", flags);
  return record;
}

Json numbers(const std::set<std::uint32_t>& values) {
  Json::Array out;
  for (const std::uint32_t value : values) out.emplace_back(std::int64_t{value});
  return Json(out);
}

/// Zero values are left out, as Go does and reads.
void complete_record(Json& record, const StagedLayer& layer) {
  record.erase("flags");
  record.set("compressed-diff-digest", layer.blob_digest.str());
  if (layer.blob_size != 0) record.set("compressed-size", layer.blob_size);
  record.set("diff-digest", layer.diff_id.str());
  if (layer.diff_size != 0) record.set("diff-size", layer.diff_size);
  if (const std::int64_t kind = number_of(layer.compression); kind != 0)
    record.set("compression", kind);
  if (!layer.uids.empty()) record.set("uidset", numbers(layer.uids));
  if (!layer.gids.empty()) record.set("gidset", numbers(layer.gids));
}

/// A writer that was killed leaves these; whoever writes next removes them.
bool remove_incomplete(const WritableStore& store, RecordFile& layers) {
  std::vector<std::string> ids;
  for (const Json& record : layers.records()) {
    if (is_incomplete(record)) ids.push_back(record.text_at("id"));
  }
  for (const std::string& id : ids) {
    if (!is_full_id(id)) continue;
    remove_layer_files(store, id);
    layers.erase(id);
  }
  return !ids.empty();
}

/// Which staged layers are still missing; the others became stored ones meanwhile.
std::vector<size_t> missing_layers(const std::vector<ChainLayer>& chain, RecordFile& layers,
                                   RecordFile& volatile_layers) {
  std::vector<size_t> missing;
  for (size_t i = 0; i < chain.size(); ++i) {
    if (layers.contains(chain[i].id) || volatile_layers.contains(chain[i].id)) continue;
    if (chain[i].staged != nullptr) {
      missing.push_back(i);
    } else if (chain[i].stored->root->primary()) {
      Error e(Status::unavailable, fmt::format("layer {} was removed from the store meanwhile",
                                               chain[i].id.substr(0, 12)));
      throw e.set_retryable();
    }
  }
  return missing;
}

void commit_layers(const WritableStore& store, const StagingArea& staging,
                   const std::vector<ChainLayer>& chain, const FileLock& lock) {
  RecordFile layers(store.layers(), "layers.json", lock);
  RecordFile volatile_layers(store.layers(), "volatile-layers.json", lock);
  bool changed = remove_incomplete(store, layers);
  const std::vector<size_t> missing = missing_layers(chain, layers, volatile_layers);
  if (missing.empty() && !changed) return;
  for (const size_t i : missing) layers.records().push_back(incomplete_record(chain[i]));
  layers.save();
  for (const size_t i : missing) {
    remove_layer_files(store, chain[i].id);
    install_layer(store, staging, chain, i);
    complete_record(*layers.find(chain[i].id), *chain[i].staged);
  }
  if (!missing.empty()) layers.save();
}

void append_once(Json& list, const std::string& text) {
  Json::Array& items = list.items("names");
  if (std::find(items.begin(), items.end(), Json(text)) == items.end()) items.emplace_back(text);
}

Json& list_at(Json& record, std::string_view key) {
  if (record.find(key) == nullptr) record.set(key, Json::array());
  return *record.find(key);
}

Json& object_at(Json& record, std::string_view key) {
  if (record.find(key) == nullptr) record.set(key, Json::object());
  return *record.find(key);
}

void move_name(RecordFile& images, const std::string& id, const std::string& name) {
  for (Json& record : images.records()) {
    Json* names = record.find("names");
    if (names == nullptr || record.text_at("id") == id) continue;
    std::erase(names->items("names"), Json(name));
    if (names->items("names").empty()) record.erase("names");
  }
  Json& own = *images.find(id);
  append_once(list_at(own, "names"), name);
  Json::Array& history = list_at(own, "names-history").items("names-history");
  std::erase(history, Json(name));
  history.insert(history.begin(), Json(name));
}

void write_items(const WritableStore& store, const NewImage& image, Json& record) {
  make_folder(store.images(), image.id, 0700);
  const Fd folder = open_at(store.images(), image.id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  for (const auto& [key, bytes] : image.items) {
    replace_file(folder.get(), item_file_name(key), bytes, 0600);
    const std::string digest = digest_of(bytes).str();
    append_once(list_at(record, "big-data-names"), key);
    object_at(record, "big-data-sizes").set(key, static_cast<std::int64_t>(bytes.size()));
    object_at(record, "big-data-digests").set(key, digest);
    if (key.starts_with("manifest") && record.text_at("digest").empty())
      record.set("digest", digest);
  }
}

/// A writer that was killed before it wrote its record leaves the folder of an image alone.
void remove_unknown_images(const WritableStore& store, RecordFile& images) {
  for (const std::string& name : names_in(store.images())) {
    if (is_full_id(name) && !images.contains(name)) remove_tree(store.images(), name);
  }
}

Json new_record(const NewImage& image, const std::string& top) {
  Json record = Json::object();
  record.set("id", image.id);
  if (!top.empty()) record.set("layer", top);
  record.set("metadata", image.metadata.dump());
  record.set("created", image.created.empty() ? time_now() : image.created);
  return record;
}

void commit_record(const WritableStore& store, const NewImage& image, RecordFile& images) {
  const std::string top = image.chain.empty() ? "" : image.chain.back().id;
  Json* former = images.find(image.id);
  if (former != nullptr && former->text_at("layer") != top) {
    throw Error(Status::exists,
                fmt::format("the store has image {} with other layers", image.id.substr(0, 12)));
  }
  Json record = former == nullptr ? new_record(image, top) : *former;
  record.set("metadata", image.metadata.dump());
  write_items(store, image, record);
  if (former == nullptr) {
    images.records().push_back(std::move(record));
  } else {
    *former = std::move(record);
  }
  if (!image.name.empty()) move_name(images, image.id, image.name);
}

}  // namespace

void commit_images(const WritableStore& store, const StagingArea& staging,
                   std::vector<NewImage>& images) {
  for (NewImage& image : images) {
    for (size_t i = 0; i < image.chain.size(); ++i) {
      if (image.chain[i].staged != nullptr) complete_layer(store, staging, image.chain, i);
    }
  }
  const FileLock layers_lock = store.lock_layers();
  for (const NewImage& image : images) commit_layers(store, staging, image.chain, layers_lock);
  const FileLock images_lock = store.lock_images();
  RecordFile records(store.images(), "images.json", images_lock);
  for (const NewImage& image : images) commit_record(store, image, records);
  records.save();
  remove_unknown_images(store, records);
}

}  // namespace sealos::containers_storage
