#include "upload_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "support/file/file.hpp"
#include "support/file/file_stream.hpp"

namespace sealos::docker {

UploadSource::UploadSource(Stream& from, bool hashes) : from_(&from) {
  if (hashes) hasher_.emplace();
  if (fd() >= 0) start_ = ::lseek(fd(), 0, SEEK_CUR);
}

size_t UploadSource::read(std::span<std::byte> into) {
  if (left_ == 0) return 0;
  if (left_ > 0 && left_ < static_cast<std::int64_t>(into.size()))
    into = into.first(static_cast<size_t>(left_));
  size_t n = 0;
  try {
    n = from_->read(into);
  } catch (...) {
    failed_ = true;
    throw;
  }
  if (hasher_) hasher_->update(into.first(n));
  if (left_ > 0) left_ -= static_cast<std::int64_t>(n);
  taken_ += static_cast<std::int64_t>(n);
  return n;
}

void UploadSource::go_to(std::int64_t offset) {
  left_ = -1;
  if (fd() >= 0) {
    if (::lseek(fd(), start_ + offset, SEEK_SET) < 0) throw errno_error(errno, "reading the blob");
    return;
  }
  if (offset < taken_) throw Error(Status::internal, "a stream was to be sent a second time");
  std::vector<std::byte> dropped(256 * 1024);
  while (taken_ < offset) {
    const auto want =
        std::min<std::int64_t>(offset - taken_, static_cast<std::int64_t>(dropped.size()));
    if (read(std::span(dropped).first(static_cast<size_t>(want))) == 0)
      throw Error(Status::corrupt, "the blob is shorter than what the registry has of it");
  }
}

void UploadSource::expect_end() {
  std::byte more[1];
  left_ = -1;
  if (read(more) != 0) throw Error(Status::corrupt, "the blob is longer than it should be");
}

std::int64_t UploadSource::spool(const std::string& folder) {
  const std::string name = "a temporary file in " + folder;
  Fd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) throw errno_error(errno, "making " + name);
  Hasher hasher;
  std::int64_t size = 0;
  try {
    size = copy_to_file(*from_, file.get(), name, hasher_ ? &hasher : nullptr);
  } catch (...) {
    failed_ = true;
    throw;
  }
  if (hasher_) digest_ = hasher.finish();
  hasher_.reset();
  if (::lseek(file.get(), 0, SEEK_SET) < 0) throw errno_error(errno, "reading " + name);
  spooled_ = file_stream(std::move(file), name, 0, size);
  from_ = spooled_.get();
  start_ = 0;
  taken_ = 0;
  return size;
}

Digest UploadSource::digest() {
  if (!digest_) digest_ = hasher_->finish();
  return *digest_;
}

}  // namespace sealos::docker
