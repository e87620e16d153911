#include "support/docker_archive/archive_items.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sealos::docker_archive {
namespace {

constexpr size_t kMostListed = 20;

std::string listing(const std::vector<ArchiveItem>& items) {
  std::string out;
  for (size_t i = 0; i < items.size() && i < kMostListed; ++i) {
    const std::string tags = fmt::format("{}", fmt::join(items[i].tags, ", "));
    out += fmt::format("{}@{} {}", i == 0 ? "" : "; ", i,
                       tags.empty() ? "without a name" : printable(tags));
  }
  if (items.size() > kMostListed) out += fmt::format("; and {} more", items.size() - kMostListed);
  return out.empty() ? "nothing" : out;
}

std::vector<std::string> texts_of(const Json& item, const char* key) {
  std::vector<std::string> texts;
  const Json* list = item.find(key);
  if (list == nullptr) return texts;
  for (const Json& text : list->items(key)) texts.push_back(text.string(key));
  return texts;
}

Json array_of(const std::vector<std::string>& texts) {
  Json array = Json::array();
  for (const std::string& text : texts) array.push_back(text);
  return array;
}

}  // namespace

DockerName parse_tagged(std::string_view text) {
  DockerName name = DockerName::parse(text);
  if (name.digest) {
    throw Error(Status::invalid, fmt::format("\"{}\" has a digest; images in an archive have tags",
                                             printable(text)));
  }
  if (name.tag.empty()) name.tag = "latest";
  return name;
}

Json ArchiveItem::json() const {
  return Json::object(
      {{"Config", config}, {"RepoTags", array_of(tags)}, {"Layers", array_of(layers)}});
}

bool ArchiveItem::has_tag(const DockerName& name) const {
  return std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) {
    try {
      return parse_tagged(tag) == name;
    } catch (const Error&) {
      return false;  // a tag that nobody can ask for
    }
  });
}

std::vector<ArchiveItem> parse_items(std::string_view text) {
  std::vector<ArchiveItem> items;
  try {
    const Json parsed = Json::parse(text);
    for (const Json& item : parsed.items("images")) {
      items.push_back({item.at("Config").string("Config"), texts_of(item, "RepoTags"),
                       texts_of(item, "Layers")});
    }
  } catch (Error& e) {
    throw e.add_context("reading manifest.json");
  }
  return items;
}

size_t select_item(const std::vector<ArchiveItem>& items, const WantedImage& wanted) {
  if (wanted.position) {
    if (*wanted.position < items.size()) return *wanted.position;
    throw Error(Status::not_found,
                fmt::format("there is no image @{}: it holds {}", *wanted.position, items.size()));
  }
  if (!wanted.name) {
    if (items.size() == 1) return 0;
    throw Error(items.empty() ? Status::not_found : Status::invalid,
                "it holds not one image, choose by name or position: " + listing(items));
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].has_tag(*wanted.name)) return i;
  }
  throw Error(Status::not_found, fmt::format("there is no image \"{}\" in it, only {}",
                                             wanted.name->str(), listing(items)));
}

std::vector<Digest> diff_ids_of(std::string_view config) {
  try {
    const Json parsed = Json::parse(config);
    const Json* rootfs = parsed.find("rootfs");
    if (rootfs == nullptr) throw Error(Status::invalid, "it has no \"rootfs\"");
    std::vector<Digest> diff_ids;
    if (const Json* list = rootfs->find("diff_ids")) {
      for (const Json& id : list->items("diff_ids"))
        diff_ids.push_back(Digest::require(id.string("diff_ids")));
    }
    return diff_ids;
  } catch (Error& e) {
    throw e.add_context("reading the configuration");
  }
}

}  // namespace sealos::docker_archive
