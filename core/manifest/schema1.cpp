#include "core/manifest/schema1.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/manifest/schema1_signature.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {
namespace {

constexpr std::string_view kNoTime = "0001-01-01T00:00:00Z";

std::string id_of(const Json& compatibility) {
  const std::string id = compatibility.text_at("id");
  if (!Digest::parse("sha256:" + id)) {
    throw Error(Status::invalid, fmt::format("\"{}\" is no id of a layer", printable(id)));
  }
  return id;
}

struct Link {
  std::string id, parent;
};

/// Each layer names the one below. A layer that comes twice in a row, as old daemons wrote them, is
/// kept once.
void check_chain(std::vector<Schema1::Entry>& entries, std::vector<Link>& links) {
  if (!links.front().parent.empty()) {
    throw Error(Status::invalid, "the lowest layer has a parent");
  }
  std::set<std::string> seen{links.front().id};
  for (size_t i = 1; i < entries.size();) {
    if (links[i].id == links[i - 1].id) {
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i - 1));
      links.erase(links.begin() + static_cast<std::ptrdiff_t>(i - 1));
      continue;
    }
    if (links[i].parent != links[i - 1].id) {
      throw Error(Status::invalid, fmt::format("layer {} has another parent than the layer below",
                                               links[i].id.substr(0, 12)));
    }
    if (!seen.insert(links[i].id).second) {
      throw Error(Status::invalid, fmt::format("layer {} comes twice", links[i].id.substr(0, 12)));
    }
    ++i;
  }
}

bool flag_at(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr && value->boolean(name);
}

/// Go's encoder writes members sorted, and so does the digest of a config depend on it.
Json sorted(Json::Object members) {
  std::sort(members.begin(), members.end(),
            [](const Json::Member& a, const Json::Member& b) { return a.first < b.first; });
  return Json::object(std::move(members));
}

Json history_entry(const Schema1::Entry& entry) {
  const Json from = Json::parse(entry.compatibility);
  std::string command;
  const Json* container = from.find("container_config");
  const Json* words = container == nullptr ? nullptr : container->find("Cmd");
  if (words != nullptr) {
    for (const Json& word : words->items("Cmd")) {
      command += (command.empty() ? "" : " ") + word.string("Cmd");
    }
  }
  const std::string created = from.text_at("created");
  Json out = Json::object();
  out.set("created", created.empty() ? std::string(kNoTime) : created);
  if (const auto author = from.text_at("author"); !author.empty()) out.set("author", author);
  if (!command.empty()) out.set("created_by", command);
  if (const auto comment = from.text_at("comment"); !comment.empty()) out.set("comment", comment);
  if (entry.throwaway) out.set("empty_layer", true);
  return out;
}

/// Docker's way to number layers that have no id of their own.
std::string layer_id(const Digest& blob, const std::string& parent, std::string_view config = {}) {
  std::string text = fmt::format("{} {}", blob.hex(), parent);
  if (!config.empty()) text += fmt::format(" {}", config);
  return std::string(digest_of(text).hex());
}

std::string compatibility_of(const Json& step, const std::string& id, const std::string& parent) {
  const std::string created = step.text_at("created");
  Json command = Json::array();
  command.push_back(step.text_at("created_by"));
  Json out = Json::object({{"id", id}});
  if (!parent.empty()) out.set("parent", parent);
  if (const auto comment = step.text_at("comment"); !comment.empty()) out.set("comment", comment);
  out.set("created", created.empty() ? std::string(kNoTime) : created);
  out.set("container_config", Json::object({{"Cmd", std::move(command)}}));
  if (const auto author = step.text_at("author"); !author.empty()) out.set("author", author);
  if (flag_at(step, "empty_layer")) out.set("throwaway", true);
  return out.dump();
}

/// The top layer's carries the configuration of the image.
std::string top_compatibility(const Json& config, const std::string& id, const std::string& parent,
                              bool throwaway) {
  Json::Object members = config.members("image config");
  std::erase_if(members, [](const Json::Member& member) {
    return member.first == "rootfs" || member.first == "history";
  });
  Json out = Json::object(std::move(members));
  out.set("id", id);
  if (!parent.empty()) out.set("parent", parent);
  if (throwaway) out.set("throwaway", true);
  return sorted(out.members("image config")).dump();
}

}  // namespace

bool is_schema1(ManifestKind kind) {
  return kind == ManifestKind::schema1 || kind == ManifestKind::schema1_signed;
}

Schema1 Schema1::parse(const Json& json) {
  Schema1 out{json.text_at("name"), json.text_at("tag"), json.text_at("architecture"), {}};
  const auto& blobs = json.at("fsLayers").items("fsLayers");
  const auto& history = json.at("history").items("history");
  if (blobs.empty()) throw Error(Status::invalid, "the image has no layers");
  if (blobs.size() != history.size()) {
    throw Error(Status::invalid,
                fmt::format("{} layers, but a history of {}", blobs.size(), history.size()));
  }
  std::vector<Link> links;
  for (size_t i = blobs.size(); i-- > 0;) {
    const std::string text = history[i].at("v1Compatibility").string("v1Compatibility");
    const Json compatibility = Json::parse(text);
    links.push_back({id_of(compatibility), compatibility.text_at("parent")});
    out.entries.push_back({Digest::require(blobs[i].at("blobSum").string("blobSum")), text,
                           flag_at(compatibility, "throwaway")});
  }
  check_chain(out.entries, links);
  return out;
}

std::string Schema1::dump() const {
  Json blobs = Json::array(), history = Json::array();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    blobs.push_back(Json::object({{"blobSum", entry->blob.str()}}));
    history.push_back(Json::object({{"v1Compatibility", entry->compatibility}}));
  }
  Json out = Json::object({{"name", name},
                           {"tag", tag},
                           {"architecture", architecture},
                           {"fsLayers", std::move(blobs)},
                           {"history", std::move(history)},
                           {"schemaVersion", 1}});
  return out.dump();
}

std::vector<Digest> layers_of(const Schema1& image) {
  std::vector<Digest> out;
  for (const Schema1::Entry& entry : image.entries) {
    if (!entry.throwaway) out.push_back(entry.blob);
  }
  return out;
}

std::string config_of(const Schema1& image, const std::vector<Digest>& diff_ids) {
  Json::Object members = Json::parse(image.entries.back().compatibility).members("v1Compatibility");
  std::erase_if(members, [](const Json::Member& member) {
    static const std::set<std::string> kOfTheLayer = {
        "id", "parent", "parent_id", "layer_id", "throwaway", "Size", "rootfs", "history"};
    return kOfTheLayer.contains(member.first);
  });
  Json out = Json::object(std::move(members));
  // Very old images have neither, and the other formats demand both.
  if (out.text_at("architecture").empty()) {
    out.set("architecture", image.architecture.empty() ? "amd64" : image.architecture);
  }
  if (out.text_at("os").empty()) out.set("os", "linux");
  Json history = Json::array(), ids = Json::array();
  for (const Schema1::Entry& entry : image.entries) history.push_back(history_entry(entry));
  for (const Digest& id : diff_ids) ids.push_back(id.str());
  out.set("history", std::move(history));
  out.set("rootfs", Json::object({{"type", "layers"}, {"diff_ids", std::move(ids)}}));
  return sorted(out.members("image config")).dump();
}

std::string obstacle_to_schema1(const std::string& config, size_t layers) {
  const Json json = Json::parse(config);
  const Json* history = json.find("history");
  if (history == nullptr || history->items("history").empty()) {
    return "schema 1 needs a history, and the image has none";
  }
  size_t filled = 0;
  for (const Json& step : history->items("history")) filled += flag_at(step, "empty_layer") ? 0 : 1;
  if (filled == layers) return "";
  return fmt::format("schema 1 needs a history of {} layers, and the image has one of {}", layers,
                     filled);
}

Schema1 schema1_of(const std::string& config, const std::vector<Digest>& layers,
                   const std::string& name, const std::string& tag) {
  if (const std::string why = obstacle_to_schema1(config, layers.size()); !why.empty()) {
    throw Error(Status::unsupported, why);
  }
  const Json json = Json::parse(config);
  Schema1 out{name, tag, json.text_at("architecture"), {}};
  const Digest empty = Digest::require(kEmptyLayerDigest);
  const auto& history = json.at("history").items("history");
  std::string id;
  size_t next = 0;
  for (size_t i = 0; i < history.size(); ++i) {
    const bool throwaway = flag_at(history[i], "empty_layer");
    const Digest& blob = throwaway ? empty : layers[next++];
    const std::string parent = id;
    const bool top = i + 1 == history.size();
    id = layer_id(blob, parent, top ? config : "");
    out.entries.push_back({blob,
                           top ? top_compatibility(json, id, parent, throwaway)
                               : compatibility_of(history[i], id, parent),
                           throwaway});
  }
  return out;
}

Schema1 with_layers(Schema1 image, const std::vector<Digest>& layers) {
  size_t next = 0;
  for (Schema1::Entry& entry : image.entries) {
    if (!entry.throwaway) entry.blob = layers.at(next++);
  }
  return image;
}

Item schema1_item(const Schema1& image, ManifestKind kind) {
  const std::string text = image.dump();
  return {std::string(media_type_of(kind)),
          kind == ManifestKind::schema1_signed ? sign_payload(text) : text};
}

bool has_empty_layers(const Schema1& image) {
  return std::any_of(image.entries.begin(), image.entries.end(),
                     [](const Schema1::Entry& entry) { return entry.throwaway; });
}

}  // namespace sealos
