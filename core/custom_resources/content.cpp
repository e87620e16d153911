#include "core/custom_resources/content.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/custom_resources/layer_files.hpp"
#include "core/yaml/yaml.hpp"

namespace sealos::custom_resources {
namespace {

std::string own_file(const std::map<std::string, std::string>& files) {
  for (const char* name : {"config.yaml", "config.yml"}) {
    const std::string path = fmt::format("{}/{}", kFolder, name);
    if (files.contains(path)) return path;
  }
  return "";
}

bool is_object(const Yaml& document) {
  const Yaml *version = document.find("apiVersion"), *kind = document.find("kind");
  return version != nullptr && kind != nullptr && version->kind == Yaml::Kind::scalar &&
         kind->kind == Yaml::Kind::scalar;
}

bool is_image(const Yaml& document) {
  return is_object(document) && document.text_at("kind") == kKind &&
         document.text_at("apiVersion").starts_with(std::string(kGroup) + "/");
}

std::vector<std::string> texts_at(const Yaml& map, std::string_view key) {
  std::vector<std::string> texts;
  const Yaml* list = map.find(key);
  if (list == nullptr) return texts;
  const auto refuse = [&](const Yaml& where) {
    throw Error(Status::invalid, fmt::format("line {}: {} is no list of texts", where.line, key));
  };
  if (list->kind != Yaml::Kind::list) refuse(*list);
  for (const YamlNode& item : list->items) {
    if (item->kind != Yaml::Kind::scalar) refuse(*item);
    texts.push_back(item->text);
  }
  return texts;
}

const Yaml& map_at(const Yaml& map, std::string_view key) {
  static const Yaml kNone;
  const Yaml* found = map.find(key);
  if (found == nullptr) return kNone;
  if (found->kind != Yaml::Kind::map)
    throw Error(Status::invalid, fmt::format("line {}: {} is no map", found->line, key));
  return *found;
}

void read_own(const Yaml& image, Content& content) {
  const Yaml& spec = map_at(image, "spec");
  const Yaml& detail = map_at(spec, "detail");
  content.own_file = true;
  content.type = spec.text_at("type");
  content.keywords = texts_at(detail, "keywords");
  content.description = detail.text_at("description");
  content.icon = detail.text_at("icon");
  content.url = detail.text_at("url");
  content.docs = detail.text_at("docs");
}

void read_yaml(const std::string& path, const std::string& bytes, bool own, Content& content) {
  std::vector<YamlNode> documents = parse_yaml(bytes);
  std::erase_if(documents, [](const YamlNode& one) { return one->kind == Yaml::Kind::null; });
  const auto images = std::count_if(documents.begin(), documents.end(),
                                    [](const YamlNode& one) { return is_image(*one); });
  if (images > 1 || (images == 1 && !own))
    throw Error(Status::invalid, fmt::format("{} belongs into {}/config.yaml, and only one",
                                             images > 1 ? "it has more than one Image object, which"
                                                        : "it has an Image object, which",
                                             kFolder));
  if (images == 1 && documents.size() > 1)
    throw Error(Status::invalid, "it has other documents beside the Image object");
  if (images == 1) return read_own(*documents.front(), content);
  const bool objects =
      !documents.empty() && std::all_of(documents.begin(), documents.end(),
                                        [](const YamlNode& one) { return is_object(*one); });
  if (objects) content.objects.push_back({path, bytes});
}

}  // namespace

Content read_content(const std::map<std::string, std::string>& files) {
  Content content;
  const std::string own = own_file(files);
  for (const auto& [path, bytes] : files) {
    if (path == kReadme) continue;
    try {
      read_yaml(path, bytes, path == own, content);
    } catch (Error& e) {
      throw e.add_context(printable(path));
    }
  }
  const auto readme = files.find(std::string(kReadme));
  if (readme == files.end()) return content;
  if (!is_utf8(readme->second))
    throw Error(Status::invalid, fmt::format("{}: it is not UTF-8", kReadme));
  content.docs = readme->second;
  return content;
}

}  // namespace sealos::custom_resources
