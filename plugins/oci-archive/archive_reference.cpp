#include "archive_reference.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "support/file/staged_file.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/oci_layout/manifest_check.hpp"

namespace sealos::oci_archive {
namespace {

using oci_layout::LayoutIndex;

template <typename Body>
auto about(const std::string& path, Body&& body) {
  try {
    return body();
  } catch (Error& e) {
    throw e.add_context("oci-archive:" + printable(path));
  }
}

LayoutIndex index_of(const sdk::Host& host, const TarFile& tar) {
  if (const auto layout = archive_text(tar, "oci-layout")) {
    oci_layout::check_layout_version(*layout);
  } else {
    host.warn("the archive has no file oci-layout; read as version 1.0.0");
  }
  const auto text = archive_text(tar, "index.json");
  if (text) return LayoutIndex::parse(*text);
  const bool docker = tar.index().find("manifest.json") != nullptr;
  throw Error(Status::invalid, docker ? "it is a Docker archive, to be read as docker-archive:"
                                      : "there is no index.json in it: it is no OCI archive");
}

}  // namespace

Reference::Reference(std::string_view details) : name_(oci_layout::LayoutName::parse(details)) {
  if (name_.path == "-") return;
  resolved_ = resolved_path(name_.path);
  const std::filesystem::path parent = std::filesystem::path(resolved_).parent_path();
  std::error_code error;
  if (!std::filesystem::is_directory(parent, error)) {
    throw Error(Status::not_found, fmt::format("oci-archive:{}: there is no folder {}",
                                               printable(name_.path), printable(parent.string())));
  }
}

std::vector<std::string> Reference::policy_namespaces() const {
  return enclosing_folders(resolved_);
}

std::shared_ptr<const TarFile> Reference::open_tar(const sdk::Host& host) const {
  std::error_code error;
  if (name_.path != "-" && std::filesystem::is_regular_file(name_.path, error))
    return open_archive(host, name_.path);
  const std::lock_guard lock(mutex_);
  if (piped_ == nullptr) piped_ = open_archive(host, name_.path);
  return piped_;
}

std::unique_ptr<oci_layout::LayoutSource> Reference::open_source(sdk::Host host) const {
  return about(name_.path, [&] {
    const auto tar = open_tar(host);
    const LayoutIndex index = index_of(host, *tar);
    return std::make_unique<oci_layout::LayoutSource>("oci-archive:" + printable(name_.path),
                                                      std::make_shared<ArchiveBlobs>(tar),
                                                      index.entries()[index.select(name_)]);
  });
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
  return about(name_.path, [&] { return index_of(host, *open_tar(host)).names(); });
}

}  // namespace sealos::oci_archive
