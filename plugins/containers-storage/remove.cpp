#include "remove.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lookup.hpp"
#include "manifest_layers.hpp"
#include "record_file.hpp"
#include "records.hpp"
#include "store.hpp"
#include "tree.hpp"
#include "writable_store.hpp"

namespace sealos::containers_storage {
namespace {

/// containers.json, and what other files hold containers.
std::vector<Json> containers_of(const WritableStore& store, const FileLock& lock) {
  std::vector<Json> out;
  for (const char* name : {"containers.json", "volatile-containers.json"}) {
    RecordFile file(store.containers(), name, lock);
    out.insert(out.end(), file.records().begin(), file.records().end());
  }
  const int run = ::open((store.run_root() + "/" + store.driver() + "-containers").c_str(),
                         O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (run < 0) return out;
  const Fd folder(run);
  RecordFile file(folder.get(), "volatile-containers.json", lock);
  out.insert(out.end(), file.records().begin(), file.records().end());
  return out;
}

std::vector<std::string> layers_named(const Json& image) {
  std::vector<std::string> out;
  if (const Json* mapped = image.find("mapped-layers")) {
    for (const Json& id : mapped->items("mapped-layers")) out.push_back(id.string("mapped-layers"));
  }
  if (const std::string top = image.text_at("layer"); !top.empty()) out.push_back(top);
  return out;
}

/// Children before parents.
std::vector<std::string> unneeded_layers(RecordFile& layers, RecordFile& volatile_layers,
                                         RecordFile& images, const std::vector<Json>& containers,
                                         const Json& removed) {
  std::set<std::string> needed;
  for (const Json& image : images.records()) {
    for (const std::string& id : layers_named(image)) needed.insert(id);
  }
  for (const Json& container : containers) needed.insert(container.text_at("layer"));
  std::vector<std::string> out;
  const auto has_children = [&](const std::string& id) {
    const auto is_child = [&](const Json& layer) {
      return layer.text_at("parent") == id &&
             std::find(out.begin(), out.end(), layer.text_at("id")) == out.end();
    };
    auto& others = volatile_layers.records();
    return std::any_of(layers.records().begin(), layers.records().end(), is_child) ||
           std::any_of(others.begin(), others.end(), is_child);
  };
  for (std::string id : layers_named(removed)) {
    while (!id.empty() && !needed.contains(id) && !has_children(id)) {
      const Json* layer = layers.find(id);
      if (layer == nullptr) break;
      out.push_back(id);
      id = layer->text_at("parent");
    }
  }
  return out;
}

void remove_layers(const WritableStore& store, RecordFile& layers,
                   const std::vector<std::string>& ids) {
  if (ids.empty()) return;
  for (const std::string& id : ids) {
    Json& record = *layers.find(id);
    if (record.find("flags") == nullptr) record.set("flags", Json::object());
    record.find("flags")->set("incomplete", true);
  }
  layers.save();
  for (const std::string& id : ids) {
    remove_layer_files(store, id);
    layers.erase(id);
  }
  layers.save();
}

/// True if that was all there is to do.
bool take_name(RecordFile& images, const std::string& id, const std::string& name) {
  Json* names = images.find(id)->find("names");
  if (names == nullptr || names->items("names").size() < 2) return false;
  if (std::erase(names->items("names"), Json(name)) == 0) return false;
  images.save();
  return true;
}

}  // namespace

void remove_image(sdk::Host host, const StoreSettings& settings, const ImageForm& form,
                  std::uint32_t flags) {
  const auto cancelled = [host] { return host.cancelled(); };
  const Store readable(settings);
  const WritableStore store(settings, cancelled);
  const Snapshot snapshot = readable.load(cancelled);
  const Found found = find_image(snapshot, form, readable.graphroot());
  const std::string id = found.image->id;
  if (!found.image->root->primary()) {
    throw Error(Status::denied, fmt::format("image {} is in the additional store {}, which is only "
                                            "read",
                                            id.substr(0, 12), found.image->root->path()));
  }
  if ((flags & SEALOS_REMOVE_ONLY_INDEX) != 0 &&
      !is_index_type(manifest_type_of(read_item(*found.image, "manifest")))) {
    throw Error(Status::invalid,
                fmt::format("\"{}\" is no list of images", printable(form.written)));
  }
  const FileLock layers_lock = store.lock_layers();
  const FileLock images_lock = store.lock_images();
  const FileLock containers_lock = store.lock_containers();
  RecordFile layers(store.layers(), "layers.json", layers_lock);
  RecordFile volatile_layers(store.layers(), "volatile-layers.json", layers_lock);
  RecordFile images(store.images(), "images.json", images_lock);
  if (!images.contains(id))
    throw Error(Status::not_found, fmt::format("image {} was removed meanwhile", id.substr(0, 12)));
  const bool by_name = form.name && form.id.empty() && !form.name->digest && found.name;
  if (by_name && take_name(images, id, found.name->str())) return;
  const std::vector<Json> containers = containers_of(store, containers_lock);
  for (const Json& container : containers) {
    if (container.text_at("image") != id) continue;
    throw Error(Status::invalid,
                fmt::format("image {} is used by the container {}", id.substr(0, 12),
                            container.text_at("id").substr(0, 12)));
  }
  const Json removed = *images.find(id);
  images.erase(id);
  images.save();
  remove_tree(store.images(), id);
  remove_layers(store, layers,
                unneeded_layers(layers, volatile_layers, images, containers, removed));
}

}  // namespace sealos::containers_storage
