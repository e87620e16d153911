#include "oci_reference.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "layout_folder.hpp"
#include "support/file/staged_file.hpp"
#include "support/oci_layout/reach.hpp"

namespace sealos::oci {
namespace {

using oci_layout::LayoutIndex;

template <typename Body>
auto about(const oci_layout::LayoutName& name, Body&& body) {
  try {
    return body();
  } catch (Error& e) {
    throw e.add_context("oci:" + printable(name.path));
  }
}

}  // namespace

Reference::Reference(std::string_view details)
    : name_(oci_layout::LayoutName::parse(details)), resolved_(resolved_path(name_.path)) {
  const std::filesystem::path parent = std::filesystem::path(resolved_).parent_path();
  std::error_code error;
  if (!std::filesystem::is_directory(parent, error)) {
    throw Error(Status::not_found, fmt::format("oci:{}: there is no folder {}",
                                               printable(name_.path), printable(parent.string())));
  }
}

std::vector<std::string> Reference::policy_namespaces() const {
  return enclosing_folders(resolved_);
}

std::unique_ptr<oci_layout::LayoutSource> Reference::open_source(sdk::Host host) const {
  return about(name_, [&] {
    const LayoutFolder layout = LayoutFolder::open(host, name_.path);
    const LayoutIndex index = layout.read_index(true);
    return std::make_unique<oci_layout::LayoutSource>(
        "oci:" + printable(name_.path), layout.blobs(), index.entries()[index.select(name_)],
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
  return about(name_, [&] {
    if (name_.position) {
      throw Error(Status::invalid, "a position names an image that is there, not a new one");
    }
    return std::make_unique<Destination>(host, name_, intent);
  });
}

std::vector<std::string> Reference::list_tags(sdk::Host host) const {
  return about(name_,
               [&] { return LayoutFolder::open(host, name_.path).read_index(true).names(); });
}

void Reference::remove(sdk::Host host) const {
  about(name_, [&] {
    const LayoutFolder layout = LayoutFolder::open(host, name_.path);
    const auto blob_lock = layout.blob_lock(host, FolderLock::Kind::exclusive);
    const FolderLock lock = layout.index_lock(host);
    const LayoutIndex before = layout.read_index(true);
    LayoutIndex after = before;
    after.remove(before.select(name_));
    if (layout.shares_blobs()) return layout.replace_index(after);
    // Both are known before anything is removed, so that an entry of unknown type stops it.
    const auto reached_before = oci_layout::reachable_blobs(before, *layout.blobs());
    const auto reached_after = oci_layout::reachable_blobs(after, *layout.blobs());
    layout.replace_index(after);
    const size_t removed = remove_blobs(reached_before, reached_after, *layout.blobs());
    host.info(fmt::format("oci:{}: {} blobs removed", name_.path, removed));
  });
}

}  // namespace sealos::oci
