#include "archive_reference.hpp"

#include "support/oci_layout/manifest_check.hpp"

namespace sealos::oci_archive {
namespace {

using oci_layout::LayoutIndex;

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

std::unique_ptr<oci_layout::LayoutSource> Reference::open_source(sdk::Host host) const {
  return at_place([&] {
    const auto tar = input_.open(host);
    const LayoutIndex index = index_of(host, *tar);
    return std::make_unique<oci_layout::LayoutSource>(place(), std::make_shared<ArchiveBlobs>(tar),
                                                      index.entries()[index.select(name())],
                                                      index.entries());
  });
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  return open(host, sdk::Intent::write);
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return open(host, sdk::Intent::preview);
}

std::unique_ptr<Destination> Reference::open(sdk::Host host, sdk::Intent intent) const {
  return at_place([&] {
    require_destination();
    return std::make_unique<Destination>(host, name(), intent);
  });
}

std::vector<std::string> Reference::list_tags(sdk::Host host) const {
  return at_place([&] { return index_of(host, *input_.open(host)).names(); });
}

}  // namespace sealos::oci_archive
