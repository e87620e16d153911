#include "image_list.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"

namespace sealos::containers_storage {

std::string list_id(const Item& index) { return std::string(digest_of(index.data).hex()); }

NewImage make_list(const Item& index, const std::map<std::string, std::string>& images,
                   const StoreSettings& settings, const std::string& driver) {
  NewImage list;
  list.id = list_id(index);
  Json places = Json::object();
  places.set("", list.id);
  const Json root = Json::parse(index.data);
  for (const Json& entry : root.at("manifests").items("manifests")) {
    const auto image = images.find(entry.text_at("digest"));
    if (image == images.end()) continue;  // a sparse list
    places.set(image->first, fmt::format("containers-storage:[{}@{}+{}]@{}", driver,
                                         settings.graphroot, settings.runroot, image->second));
  }
  list.items.emplace_back("manifest", index.data);
  list.items.emplace_back("instances.json", places.dump());
  return list;
}

}  // namespace sealos::containers_storage
