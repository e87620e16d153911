#include "support/oci_layout/layout_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "support/docker_name/docker_name.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos::oci_layout {
namespace {

constexpr size_t kMostListed = 20;

std::string type_of(const Json& entry) { return printable(entry.text_at("mediaType")); }

/// Whether an entry is an image or an index of images.
bool is_image(const Json& entry) {
  const std::string type = entry.text_at("mediaType");
  if (!is_manifest(type) && !is_index(type)) return false;
  return annotation(entry, kDockerReferenceType) != "attestation-manifest";
}

/// "@0 name", "@1 (no name, sha256:0123456789ab)", ...
std::string listing(const Json::Array& entries) {
  std::string out;
  for (size_t i = 0; i < entries.size() && i < kMostListed; ++i) {
    std::string name = annotation(entries[i], kContainerdName);
    if (name.empty()) name = annotation(entries[i], kRefName);
    if (name.empty()) name = "without a name, " + entries[i].text_at("digest").substr(0, 19);
    out += fmt::format("{}@{} {}", i == 0 ? "" : "; ", i, printable(name));
    if (!is_image(entries[i])) out += fmt::format(" (no image: {})", type_of(entries[i]));
  }
  if (entries.size() > kMostListed)
    out += fmt::format("; and {} more", entries.size() - kMostListed);
  return out.empty() ? "nothing" : out;
}

std::string normal_form(const std::string& name) {
  try {
    return DockerName::parse(name).str();
  } catch (const Error&) {
    return name;
  }
}

size_t distinct_digests(const Json::Array& entries, const std::vector<size_t>& which) {
  std::set<std::string> digests;
  for (const size_t i : which) digests.insert(entries[i].text_at("digest"));
  return digests.size();
}

size_t select_position(const Json::Array& entries, size_t position) {
  if (position >= entries.size()) {
    throw Error(Status::not_found,
                fmt::format("there is no image @{}: it holds {}", position, entries.size()));
  }
  if (!is_image(entries[position])) {
    throw Error(Status::unsupported, fmt::format("@{} is no image but has the type \"{}\"",
                                                 position, type_of(entries[position])));
  }
  return position;
}

size_t select_only(const Json::Array& entries) {
  std::vector<size_t> images;
  for (size_t i = 0; i < entries.size(); ++i) {
    // What says something of an image is not what is meant by no name.
    if (is_image(entries[i]) && !belongs_to_image(entries[i])) images.push_back(i);
  }
  if (images.empty()) {
    throw Error(Status::not_found, "there is no image in it, only " + listing(entries));
  }
  if (distinct_digests(entries, images) > 1) {
    throw Error(Status::invalid,
                "more than one image is in it, choose by name or position: " + listing(entries));
  }
  return images.front();
}

size_t select_name(const Json::Array& entries, const std::string& name) {
  std::vector<size_t> found;
  std::string other_type;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (annotation(entries[i], kRefName) != name) continue;
    if (is_image(entries[i])) {
      found.push_back(i);
    } else {
      other_type = type_of(entries[i]);
    }
  }
  if (found.empty()) {
    for (size_t i = 0; i < entries.size(); ++i) {
      const std::string full = annotation(entries[i], kContainerdName);
      if (full.empty() || !is_image(entries[i])) continue;
      if (full == name || normal_form(full) == normal_form(name)) return i;
    }
    if (!other_type.empty()) {
      throw Error(Status::unsupported,
                  fmt::format("\"{}\" is no image but has the type \"{}\"", name, other_type));
    }
    throw Error(Status::not_found,
                fmt::format("there is no image \"{}\" in it, only {}", name, listing(entries)));
  }
  // What docker save writes has the bare tag there, which several images may share.
  const bool tags_only = std::all_of(found.begin(), found.end(), [&](size_t i) {
    return !annotation(entries[i], kContainerdName).empty();
  });
  if (tags_only && distinct_digests(entries, found) > 1) {
    throw Error(Status::invalid,
                fmt::format("more than one image in it has the tag \"{}\", choose by full name or "
                            "position: {}",
                            name, listing(entries)));
  }
  return found.front();
}

}  // namespace

std::string annotation(const Json& descriptor, std::string_view key) {
  const Json* all = descriptor.find("annotations");
  const Json* value = all == nullptr ? nullptr : all->find(key);
  return value == nullptr || !value->is_string() ? std::string() : value->string(key);
}

bool belongs_to_image(const Json& entry) {
  return !entry.text_at("artifactType").empty() || is_attached_name(annotation(entry, kRefName));
}

Descriptor Descriptor::of(const Json& json) {
  Descriptor made{json.text_at("mediaType"), Digest::require(json.text_at("digest")),
                  json.at("size").integer("size")};
  if (made.size < 0) throw Error(Status::invalid, "the size of a descriptor is negative");
  return made;
}

Json Descriptor::json() const {
  return Json::object({{"mediaType", media_type}, {"digest", digest.str()}, {"size", size}});
}

LayoutIndex::LayoutIndex()
    : root_(Json::object(
          {{"schemaVersion", 2}, {"mediaType", kOciIndex}, {"manifests", Json::array()}})) {}

LayoutIndex LayoutIndex::parse(std::string_view text) {
  LayoutIndex index;
  index.root_ = Json::parse(text);
  index.root_.members("index.json");
  const Json* version = index.root_.find("schemaVersion");
  if (version != nullptr && version->integer("schemaVersion") != 2) {
    throw Error(Status::unsupported, "index.json has a schemaVersion other than 2");
  }
  if (index.root_.find("manifests") == nullptr) index.root_.set("manifests", Json::array());
  for (const Json& entry : index.entries()) {
    entry.members("manifests");
    entry.text_at("mediaType");
    entry.text_at("digest");
  }
  return index;
}

const Json::Array& LayoutIndex::entries() const { return root_.at("manifests").items("manifests"); }

size_t LayoutIndex::select(const LayoutName& wanted) const {
  if (wanted.position) return select_position(entries(), *wanted.position);
  return wanted.name.empty() ? select_only(entries()) : select_name(entries(), wanted.name);
}

std::vector<std::string> LayoutIndex::names() const {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const Json& entry : entries()) {
    if (!is_image(entry)) continue;
    std::string name = annotation(entry, kContainerdName);
    const std::string ref_name = annotation(entry, kRefName);
    if (name.empty() || ref_name.find('/') != std::string::npos) name = ref_name;
    if (name.empty() || is_attached_name(name)) continue;
    if (seen.insert(name).second) names.push_back(name);
  }
  return names;
}

std::string LayoutIndex::add(const Descriptor& image, const std::string& name) {
  Json entry = image.json();
  std::string replaced;
  Json::Array& entries = root_.find("manifests")->items("manifests");
  if (!name.empty()) {
    entry.set("annotations", Json::object({{std::string(kRefName), name}}));
    for (Json& other : entries) {
      if (annotation(other, kRefName) != name) continue;
      if (other.text_at("digest") != image.digest.str()) replaced = other.text_at("digest");
      other.find("annotations")->erase(kRefName);
      if (other.find("annotations")->members("annotations").empty()) other.erase("annotations");
      break;
    }
  }
  for (Json& other : entries) {
    if (other.text_at("digest") != image.digest.str()) continue;
    if (!annotation(other, kRefName).empty()) continue;
    // What others have said of this image stays.
    for (const auto& [key, value] : entry.members("entry")) {
      if (key == "annotations" && other.find(key) != nullptr) {
        other.find(key)->set(kRefName, name);
      } else {
        other.set(key, value);
      }
    }
    return replaced;
  }
  entries.push_back(std::move(entry));
  return replaced;
}

void LayoutIndex::append(Json entry) {
  root_.find("manifests")->items("manifests").push_back(std::move(entry));
}

void LayoutIndex::add_referrer(Json descriptor) {
  const Json::Array& known = entries();
  const bool there = std::any_of(known.begin(), known.end(), [&](const Json& entry) {
    return entry.text_at("digest") == descriptor.text_at("digest");
  });
  if (!there) append(std::move(descriptor));
}

void LayoutIndex::set_attached(const Descriptor& manifest, const std::string& name) {
  std::erase_if(root_.find("manifests")->items("manifests"),
                [&](const Json& entry) { return annotation(entry, kRefName) == name; });
  Json entry = manifest.json();
  entry.set("annotations", Json::object({{std::string(kRefName), name}}));
  append(std::move(entry));
}

void LayoutIndex::remove(size_t position) {
  Json::Array& entries = root_.find("manifests")->items("manifests");
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(position));
}

void LayoutIndex::remove_unnamed(const std::string& digest) {
  std::erase_if(root_.find("manifests")->items("manifests"), [&](const Json& entry) {
    return entry.text_at("digest") == digest && annotation(entry, kRefName).empty() &&
           annotation(entry, kContainerdName).empty();
  });
}

}  // namespace sealos::oci_layout
