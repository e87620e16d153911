#include "lookup.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sealos::containers_storage {
namespace {

std::optional<DockerName> parsed(const std::string& name) {
  try {
    return DockerName::parse(name);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool has_name(const ImageRecord& image, const std::string& name) {
  return std::find(image.names.begin(), image.names.end(), name) != image.names.end();
}

bool has_repository(const ImageRecord& image, const std::string& repository) {
  return std::any_of(image.names.begin(), image.names.end(), [&](const std::string& name) {
    return name.starts_with(repository) && name.size() > repository.size() &&
           (name[repository.size()] == ':' || name[repository.size()] == '@');
  });
}

Found found(const StoredImage& image, std::optional<DockerName> name = std::nullopt) {
  if (!name && image.names.size() == 1) name = parsed(image.names[0]);
  return {&image, std::move(name), std::nullopt};
}

std::optional<Found> find_name(const Snapshot& snapshot, const DockerName& name) {
  for (const StoredImage& image : snapshot.images) {
    if (has_name(image, name.str())) return found(image, name);
  }
  if (!name.digest) return std::nullopt;
  const StoredImage* best = nullptr;
  for (const StoredImage& image : snapshot.images) {
    if (!image.knows(name.digest->str()) || !has_repository(image, name.repository())) continue;
    const bool exact = image.has_item("manifest") && image.big_data_digests.contains("manifest") &&
                       image.big_data_digests.at("manifest") == name.digest->str();
    if (best == nullptr || exact) best = &image;
  }
  if (best == nullptr) return std::nullopt;
  Found out = found(*best, name);
  out.digest = name.digest;
  return out;
}

[[noreturn]] void refuse_several(const std::vector<const StoredImage*>& images,
                                 const std::string& text, std::string_view how) {
  std::vector<std::string> shown;
  for (const StoredImage* image : images) {
    shown.push_back(image->names.empty() ? image->id.substr(0, 12) : image->names[0]);
    if (shown.size() == 5) break;
  }
  throw Error(Status::invalid,
              fmt::format("\"{}\" {} {} images: {}{}", printable(text), how, images.size(),
                          fmt::join(shown, ", "), images.size() > shown.size() ? ", ..." : ""));
}

std::optional<Found> find_prefix(const Snapshot& snapshot, const std::string& prefix) {
  std::vector<const StoredImage*> hits;
  for (const StoredImage& image : snapshot.images) {
    if (image.id.starts_with(prefix)) hits.push_back(&image);
  }
  if (hits.size() > 1) refuse_several(hits, prefix, "starts the ID of");
  if (hits.empty()) return std::nullopt;
  return found(*hits[0]);
}

/// "app:5" also means "registry.example.com/team/app:5", as long as nothing else fits.
std::optional<Found> find_in_any_registry(const Snapshot& snapshot, const ImageForm& form) {
  std::string tail = form.written;
  if (form.name->digest || tail.find('@') != std::string::npos) return std::nullopt;
  if (tail.rfind(':') == std::string::npos) tail += ":" + form.name->tag;
  tail.insert(0, "/");
  std::vector<const StoredImage*> hits;
  std::string name;
  for (const StoredImage& image : snapshot.images) {
    for (const std::string& own : image.names) {
      if (!own.ends_with(tail)) continue;
      if (hits.empty() || hits.back() != &image) hits.push_back(&image);
      name = own;
    }
  }
  if (hits.size() > 1) refuse_several(hits, form.written, "is the end of the names of");
  if (hits.empty()) return std::nullopt;
  return found(*hits[0], parsed(name));
}

std::optional<Found> find_digest(const Snapshot& snapshot, const Digest& digest) {
  if (const StoredImage* image = snapshot.image(digest.hex())) return found(*image);
  const StoredImage* image = find_manifest(snapshot, digest);
  if (image == nullptr) return std::nullopt;
  Found out = found(*image);
  out.digest = digest;
  return out;
}

std::optional<Found> find_id(const Snapshot& snapshot, const ImageForm& form) {
  std::optional<Found> out;
  if (const StoredImage* image = snapshot.image(form.id); image != nullptr && !form.id.empty())
    out = found(*image);
  if (!out && form.id.empty()) out = find_prefix(snapshot, form.id_prefix);
  if (!out) return std::nullopt;
  if (form.name) {
    if (!has_repository(*out->image, form.name->repository())) {
      throw Error(Status::not_found,
                  fmt::format("image {} has no name in the repository {}",
                              out->image->id.substr(0, 12), form.name->repository()));
    }
    out->name = form.name;
  }
  return out;
}

std::optional<Found> find(const Snapshot& snapshot, const ImageForm& form) {
  const bool names_an_id =
      !form.id.empty() || (!form.id_prefix.empty() && form.written.find('@') != std::string::npos);
  if (names_an_id) return find_id(snapshot, form);
  if (form.name) {
    for (const DockerName& name : candidates_of(form)) {
      if (auto out = find_name(snapshot, name)) return out;
    }
  }
  if (form.digest) {
    if (auto out = find_digest(snapshot, *form.digest)) return out;
  }
  if (!form.id_prefix.empty()) {
    if (auto out = find_prefix(snapshot, form.id_prefix)) return out;
  }
  if (form.name && form.short_name) return find_in_any_registry(snapshot, form);
  return std::nullopt;
}

}  // namespace

std::vector<DockerName> candidates_of(const ImageForm& form) {
  std::vector<DockerName> out;
  if (!form.name) return out;
  if (form.short_name) {
    DockerName local = *form.name;
    local.domain = "localhost";
    if (form.written.find('/') == std::string::npos && local.path.starts_with("library/"))
      local.path.erase(0, 8);
    out.push_back(std::move(local));
  }
  out.push_back(*form.name);
  return out;
}

const StoredImage* find_manifest(const Snapshot& snapshot, const Digest& manifest) {
  const std::string key = "manifest-" + manifest.str();
  const StoredImage* best = nullptr;
  for (const StoredImage& image : snapshot.images) {
    const auto own = image.big_data_digests.find("manifest");
    if (own != image.big_data_digests.end() && own->second == manifest.str()) return &image;
    if (best == nullptr && (image.has_item(key) || image.knows(manifest.str()))) best = &image;
  }
  return best;
}

Found find_image(const Snapshot& snapshot, const ImageForm& form, const std::string& store) {
  if (auto out = find(snapshot, form)) return *out;
  std::vector<std::string> tried;
  for (const DockerName& name : candidates_of(form)) tried.push_back(name.str());
  throw Error(Status::not_found, fmt::format("no image \"{}\" in {}{}{}{}", printable(form.written),
                                             store, tried.empty() ? "" : " (tried ",
                                             fmt::join(tried, ", "), tried.empty() ? "" : ")"));
}

}  // namespace sealos::containers_storage
