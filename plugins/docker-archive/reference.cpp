#include "reference.hpp"

#include <filesystem>

#include "support/layout_archive/archive_blobs.hpp"

namespace sealos::docker_archive {
namespace {

template <typename Body>
auto about(std::string_view path, Body&& body) {
  try {
    return body();
  } catch (Error& e) {
    throw e.add_context("docker-archive:" + printable(path));
  }
}

}  // namespace

Reference::Reference(std::string_view details)
    : name_(about(details, [&] { return ArchiveName::parse(details); })) {}

std::optional<std::string> Reference::docker_name() const {
  return name_.name ? std::optional(name_.name->str()) : std::nullopt;
}

std::shared_ptr<const TarFile> Reference::open_tar(const sdk::Host& host) const {
  std::error_code error;
  if (name_.path != "-" && std::filesystem::is_regular_file(name_.path, error))
    return open_archive(host, name_.path);
  const std::lock_guard lock(mutex_);
  if (piped_ == nullptr) piped_ = open_archive(host, name_.path);
  return piped_;
}

std::unique_ptr<Source> Reference::open_source(sdk::Host host) const {
  return about(name_.path, [&] { return std::make_unique<Source>(host, open_tar(host), name_); });
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  return open(host, sdk::Intent::write);
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return open(host, sdk::Intent::preview);
}

std::unique_ptr<Destination> Reference::open(sdk::Host host, sdk::Intent intent) const {
  return about(name_.path, [&] {
    if (name_.position)
      throw Error(Status::invalid, "a position names an image that is there, not a new one");
    return std::make_unique<Destination>(host, name_, intent);
  });
}

std::vector<std::string> Reference::list_tags(sdk::Host host) const {
  return about(name_.path, [&] {
    const auto text = archive_text(*open_tar(host), "manifest.json", kMaxText);
    if (!text) throw Error(Status::invalid, "there is no manifest.json in it");
    std::vector<std::string> tags;
    for (const ArchiveItem& item : parse_items(*text))
      tags.insert(tags.end(), item.tags.begin(), item.tags.end());
    return tags;
  });
}

}  // namespace sealos::docker_archive
