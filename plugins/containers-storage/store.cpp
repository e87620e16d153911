#include "store.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lock.hpp"

namespace sealos::containers_storage {
namespace {

constexpr size_t kMaxIndexFile = size_t{256} << 20;
constexpr size_t kMaxItem = 4 << 20;

/// "" where the file is missing.
std::string read_if_there(int folder, const std::string& path) {
  try {
    const Fd file = open_regular_beneath(folder, path);
    return read_all(file.get(), path, kMaxIndexFile);
  } catch (const Error& e) {
    if (e.status() == Status::not_found) return "";
    throw;
  }
}

void load_root(const StoreRoot& root, Snapshot& into, const std::function<bool()>& cancelled) {
  const FileLock layers_lock =
      FileLock::for_reading(root.images_fd(), root.layers_path("layers.lock"), cancelled);
  const FileLock images_lock =
      FileLock::for_reading(root.images_fd(), root.image_path("images.lock"), cancelled);
  for (const char* file : {"layers.json", "volatile-layers.json"}) {
    const std::string path = root.layers_path(file);
    for (LayerRecord& layer : parse_layers(read_if_there(root.images_fd(), path), path)) {
      if (!layer.incomplete && into.layer(layer.id) == nullptr)
        into.layers.push_back({std::move(layer), &root});
    }
  }
  const std::string path = root.image_path("images.json");
  for (ImageRecord& image : parse_images(read_if_there(root.images_fd(), path), path)) {
    if (into.image(image.id) == nullptr) into.images.push_back({std::move(image), &root});
  }
}

template <typename Record>
const Record* find_id(const std::vector<Record>& records, std::string_view id) {
  const auto at = std::find_if(records.begin(), records.end(),
                               [&](const Record& record) { return record.id == id; });
  return at == records.end() ? nullptr : &*at;
}

}  // namespace

StoreRoot::StoreRoot(std::string driver, std::string graphroot, const std::string& images,
                     bool primary)
    : driver_(std::move(driver)), path_(std::move(graphroot)), primary_(primary) {
  graph_ = open_at(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
  if (!images.empty()) images_ = open_at(AT_FDCWD, images, O_RDONLY | O_DIRECTORY);
}

std::string StoreRoot::files_path(const std::string& layer) const {
  return driver_ == "vfs" ? "vfs/dir/" + layer : "overlay/" + layer + "/diff";
}

const StoredLayer* Snapshot::layer(std::string_view id) const { return find_id(layers, id); }
const StoredImage* Snapshot::image(std::string_view id) const { return find_id(images, id); }

std::vector<const StoredLayer*> Snapshot::chain(const StoredImage& image) const {
  std::vector<const StoredLayer*> out;
  for (std::string id = image.layer; !id.empty(); id = out.back()->parent) {
    const StoredLayer* at = layer(id);
    if (at == nullptr || out.size() > layers.size()) {
      throw Error(Status::corrupt,
                  fmt::format("image {} needs layer {}, which the store {}", image.id.substr(0, 12),
                              printable(id).substr(0, 12),
                              at == nullptr ? "does not have" : "has in a circle"));
    }
    out.push_back(at);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Store::Store(const StoreSettings& settings)
    : driver_(choose_driver(settings)), graphroot_(settings.graphroot) {
  std::vector<std::pair<std::string, std::string>> paths{{graphroot_, settings.image_store}};
  for (const std::string& path : settings.additional) paths.emplace_back(path, "");
  for (const auto& [path, images] : paths) {
    try {
      roots_.push_back(
          std::make_unique<StoreRoot>(driver_, path, images, &path == &paths.front().first));
    } catch (Error& e) {
      if (e.status() == Status::not_found) continue;
      throw e.add_context("opening the store");
    }
  }
}

Snapshot Store::load(const std::function<bool()>& cancelled) const {
  Snapshot out;
  for (const auto& root : roots_) load_root(*root, out, cancelled);
  return out;
}

std::string read_item(const StoredImage& image, const std::string& key) {
  const std::string path = image.root->image_path(image.id + "/" + item_file_name(key));
  try {
    const Fd file = open_regular_beneath(image.root->images_fd(), path);
    return read_all(file.get(), path, kMaxItem);
  } catch (Error& e) {
    throw e.add_context(fmt::format("image {} in {}", image.id.substr(0, 12), image.root->path()));
  }
}

}  // namespace sealos::containers_storage
