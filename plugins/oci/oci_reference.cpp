#include "oci_reference.hpp"

#include <fmt/format.h>

#include "layout_folder.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/oci_layout/reach.hpp"

namespace sealos::oci {

using oci_layout::LayoutIndex;

std::unique_ptr<oci_layout::LayoutSource> Reference::open_source(sdk::Host host) const {
  return at_place([&] {
    const LayoutFolder layout = LayoutFolder::open(host, name().path);
    const LayoutIndex index = layout.read_index(true);
    return std::make_unique<oci_layout::LayoutSource>(
        place(), layout.blobs(), index.entries()[index.select(name())], index.entries());
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
  return at_place([&] { return LayoutFolder::open(host, name().path).read_index(true).names(); });
}

void Reference::remove(sdk::Host host, std::uint32_t flags) const {
  at_place([&] {
    const LayoutFolder layout = LayoutFolder::open(host, name().path);
    const auto blob_lock = layout.blob_lock(host, FolderLock::Kind::exclusive);
    const FolderLock lock = layout.index_lock(host);
    const LayoutIndex before = layout.read_index(true);
    LayoutIndex after = before;
    const size_t position = before.select(name());
    const auto image = oci_layout::Descriptor::of(before.entries()[position]);
    if ((flags & SEALOS_REMOVE_ONLY_INDEX) != 0 && !oci_layout::is_index(image.media_type))
      throw Error(Status::invalid, "it is an image and no index");
    after.remove(position);
    if (layout.shares_blobs()) return layout.replace_index(after);
    // Both are known before anything is removed, so that an entry of unknown type stops it.
    const auto reached_before = oci_layout::reachable_blobs(before, *layout.blobs());
    const auto reached_after = oci_layout::reachable_blobs(after, *layout.blobs());
    layout.replace_index(after);
    const size_t removed = remove_blobs(reached_before, reached_after, *layout.blobs());
    host.info(fmt::format("oci:{}: {} blobs removed", name().path, removed));
  });
}

}  // namespace sealos::oci
