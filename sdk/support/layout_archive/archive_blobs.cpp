#include "support/layout_archive/archive_blobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace sealos {

std::string archive_path_of(const Digest& digest) {
  return fmt::format("blobs/{}/{}", digest.algorithm(), digest.hex());
}

std::optional<Digest> digest_in_path(std::string_view path) {
  constexpr std::string_view kStart = "blobs/";
  if (!path.starts_with(kStart)) return std::nullopt;
  std::string name(path.substr(kStart.size()));
  std::replace(name.begin(), name.end(), '/', ':');
  return Digest::parse(name);
}

TarOptions tar_options(const sdk::Host& host, const char* doing) {
  TarOptions options;
  options.temp_dir = host.temp_dir();
  options.checkpoint = [host] { host.throw_if_cancelled(); };
  options.on_spooled = [host, doing](std::int64_t bytes) { host.progress(doing, bytes, -1); };
  return options;
}

std::shared_ptr<const TarFile> open_archive(const sdk::Host& host, const std::string& path) {
  return TarFile::open(path, tar_options(host, "reading archive"));
}

std::shared_ptr<const TarFile> ArchiveInput::open(const sdk::Host& host) const {
  std::error_code error;
  if (path_ != "-" && std::filesystem::is_regular_file(path_, error))
    return open_archive(host, path_);
  const std::lock_guard lock(mutex_);
  if (piped_ == nullptr) piped_ = open_archive(host, path_);
  return piped_;
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
