#include "blob_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/file/write_behind.hpp"

namespace sealos::oci {

std::string path_of(const Digest& digest) {
  return fmt::format("{}/{}", digest.algorithm(), digest.hex());
}

std::unique_ptr<Stream> BlobFolder::open(const Digest& digest, std::int64_t size,
                                         std::int64_t offset, std::int64_t length) const {
  Fd file;
  try {
    file = open_regular_beneath(folder_.get(), path_of(digest));
  } catch (Error& e) {
    if (e.status() == Status::not_found) {
      throw Error(Status::not_found,
                  fmt::format("there is no blob {} in {}", digest.brief(), path_));
    }
    throw;
  }
  oci_layout::check_blob_size(digest, size_of(file.get(), digest.brief()), size);
  return file_stream(std::move(file), fmt::format("{}/{}", path_, path_of(digest)), offset, length);
}

std::optional<std::int64_t> BlobFolder::size(const Digest& digest) const {
  struct stat st;
  if (::fstatat(folder_.get(), path_of(digest).c_str(), &st, 0) != 0) return std::nullopt;
  if (!S_ISREG(st.st_mode)) return std::nullopt;
  return st.st_size;
}

bool BlobFolder::verify(const Digest& digest) const {
  const auto stream = open(digest, -1, 0, -1);
  Hasher hasher(digest.algorithm());
  std::vector<std::byte> buffer(256 * 1024);
  while (const size_t n = stream->read(buffer)) hasher.update({buffer.data(), n});
  return hasher.finish() == digest;
}

size_t remove_blobs(const std::set<Digest>& before, const std::set<Digest>& after,
                    const BlobFolder& blobs) {
  size_t removed = 0;
  for (const Digest& digest : before) {
    if (after.contains(digest)) continue;
    if (::unlinkat(blobs.fd(), path_of(digest).c_str(), 0) == 0) {
      ++removed;
    } else if (errno != ENOENT) {
      throw errno_error(errno, fmt::format("removing {}/{}", blobs.path(), path_of(digest)));
    }
  }
  return removed;
}

Blob BlobWriter::put(const Blob& blob, Stream& from) {
  StagedFile file(folder_->fd());
  std::optional<Hasher> hasher;
  if (!blob.digest) hasher.emplace();
  const std::string name = blob.digest ? "blob " + blob.digest->brief() : "a blob";
  const std::int64_t size = copy_to_file(
      from, file.fd(), fmt::format("{} to {}", name, folder_->path()), hasher ? &*hasher : nullptr);
  Blob made;
  made.digest = blob.digest ? blob.digest : hasher->finish();
  made.size = size;
  oci_layout::check_blob_size(*made.digest, size, blob.size);
  keep(file, *made.digest, size);
  return made;
}

void BlobWriter::put(const Digest& digest, std::string_view bytes) {
  if (folder_->size(digest) == static_cast<std::int64_t>(bytes.size())) return use(digest);
  StagedFile file(folder_->fd());
  write_all(file.fd(), bytes, fmt::format("{} to {}", digest.brief(), folder_->path()));
  keep(file, digest, static_cast<std::int64_t>(bytes.size()));
}

void BlobWriter::keep(StagedFile& file, const Digest& digest, std::int64_t size) {
  flush_ahead(file.fd(), size, digest.brief());
  const std::lock_guard lock(mutex_);
  const std::string algorithm(digest.algorithm());
  if (::mkdirat(folder_->fd(), algorithm.c_str(), 0755) == 0) {
    folders_made_.insert(algorithm);
  } else if (errno != EEXIST) {
    throw errno_error(errno, fmt::format("making folder {}/{}", folder_->path(), algorithm));
  }
  const bool was_there = folder_->size(digest) == size;
  file.keep(folder_->fd(), path_of(digest));
  (was_there ? used_ : put_).insert(digest);
}

void BlobWriter::use(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  if (!put_.contains(digest)) used_.insert(digest);
}

void BlobWriter::flush() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> folders;
  for (const std::set<Digest>* digests : {&put_, &used_}) {
    for (const Digest& digest : *digests) {
      const Fd file = open_regular_beneath(folder_->fd(), path_of(digest));
      if (::fdatasync(file.get()) != 0)
        throw errno_error(errno, fmt::format("flushing {}/{}", folder_->path(), path_of(digest)));
      folders.emplace(digest.algorithm());
    }
  }
  for (const std::string& name : folders) {
    sync_file(open_at(folder_->fd(), name, O_RDONLY | O_DIRECTORY).get(), name);
  }
  sync_file(folder_->fd(), folder_->path());
}

void BlobWriter::undo() noexcept {
  const std::lock_guard lock(mutex_);
  for (const Digest& digest : put_) ::unlinkat(folder_->fd(), path_of(digest).c_str(), 0);
  for (const std::string& name : folders_made_)
    ::unlinkat(folder_->fd(), name.c_str(), AT_REMOVEDIR);
  put_.clear();
  folders_made_.clear();
}

}  // namespace sealos::oci
