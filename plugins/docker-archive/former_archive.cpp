#include "former_archive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "support/oci_layout/manifest_check.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/oci_layout/reach.hpp"

namespace sealos::docker_archive {
namespace {

using namespace oci_layout;

bool is_one_of(const std::string& text, const std::vector<DockerName>& names) {
  try {
    return std::find(names.begin(), names.end(), parse_tagged(text)) != names.end();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

FormerArchive::FormerArchive(const sdk::Host& host, const std::string& path)
    : blobs_(std::make_shared<ArchiveBlobs>(open_archive(host, path))) {
  const auto text = archive_text(blobs_->tar(), "manifest.json", kMaxText);
  if (!text)
    throw Error(Status::invalid, "there is no manifest.json in it: it is no Docker archive");
  items_ = parse_items(*text);
  const auto index = archive_text(blobs_->tar(), "index.json");
  const auto layout = archive_text(blobs_->tar(), "oci-layout");
  if (!index || !layout) return;
  check_layout_version(*layout);
  index_ = LayoutIndex::parse(*index);
}

void FormerArchive::take_names(const std::vector<DockerName>& names, const std::string& kept) {
  std::erase_if(items_, [&](ArchiveItem& item) {
    const size_t lost =
        std::erase_if(item.tags, [&](const std::string& tag) { return is_one_of(tag, names); });
    return lost != 0 && item.tags.empty() && item.config != kept;
  });
  for (size_t i = index_.entries().size(); i-- > 0;) {
    const Json& entry = index_.entries()[i];
    std::string name = annotation(entry, kContainerdName);
    if (name.empty()) name = annotation(entry, kRefName);
    if (is_one_of(name, names)) index_.remove(i);
  }
}

void FormerArchive::carry_over(ArchiveOutput& output) const {
  std::set<std::string> paths;
  for (const ArchiveItem& item : items_) {
    paths.insert(item.config);
    paths.insert(item.layers.begin(), item.layers.end());
  }
  for (const Digest& digest : reachable_blobs(index_, *blobs_))
    paths.insert(archive_path_of(digest));
  for (const std::string& path : paths) {
    if (const auto digest = digest_in_path(path)) {
      output.carry_over(*digest);
    } else if (const TarMember* member = blobs_->tar().index().find(path)) {
      output.carry_member(*member, path);
    }
  }
}

}  // namespace sealos::docker_archive
