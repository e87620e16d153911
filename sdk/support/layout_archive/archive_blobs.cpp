#include "support/layout_archive/archive_blobs.hpp"

#include <fmt/format.h>

namespace sealos {

std::string archive_path_of(const Digest& digest) {
  return fmt::format("blobs/{}/{}", digest.algorithm(), digest.hex());
}

std::shared_ptr<const TarFile> open_archive(const sdk::Host& host, const std::string& path) {
  TarOptions options;
  options.temp_dir = host.temp_dir();
  options.checkpoint = [host] { host.throw_if_cancelled(); };
  options.on_spooled = [host](std::int64_t bytes) { host.progress("reading archive", bytes, -1); };
  return TarFile::open(path, options);
}

std::unique_ptr<Stream> ArchiveBlobs::open(const Digest& digest, std::int64_t size,
                                           std::int64_t offset, std::int64_t length) const {
  const TarMember* member = tar_->index().find(archive_path_of(digest));
  if (member == nullptr) {
    throw Error(Status::not_found,
                fmt::format("there is no blob {} in the archive", digest.brief()));
  }
  oci_layout::check_blob_size(digest, member->size, size);
  return tar_->open(*member, offset, length);
}

std::optional<std::int64_t> ArchiveBlobs::size(const Digest& digest) const {
  const TarMember* member = tar_->index().find(archive_path_of(digest));
  return member == nullptr ? std::nullopt : std::optional(member->size);
}

std::optional<std::string> archive_text(const TarFile& tar, const std::string& name, size_t most) {
  const TarMember* member = tar.index().find(name);
  return member == nullptr ? std::nullopt : std::optional(tar.read(*member, most));
}

}  // namespace sealos
