#include "support/file/write_behind.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "support/file/file.hpp"

namespace sealos {
namespace {

constexpr std::int64_t kWindow = 8 << 20;
constexpr std::int64_t kLarge = 1 << 20;

}  // namespace

WriteBehind::WriteBehind(int file) : file_(file) {
  const off_t at = ::lseek(file, 0, SEEK_CUR);
  able_ = at >= 0;
  dropped_ = started_ = written_ = able_ ? at : 0;
}

void WriteBehind::wrote(std::int64_t bytes) {
  written_ += bytes;
  if (able_ && written_ - started_ >= kWindow) advance();
}

/// One window is on its way to the disk while the next one is filled. Errors of the disk are kept
/// by the kernel for whoever flushes the file.
void WriteBehind::advance() {
  able_ = ::sync_file_range(file_, started_, written_ - started_, SYNC_FILE_RANGE_WRITE) == 0;
  if (able_ && started_ > dropped_) {
    ::sync_file_range(
        file_, dropped_, started_ - dropped_,
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    ::posix_fadvise(file_, dropped_, started_ - dropped_, POSIX_FADV_DONTNEED);
    dropped_ = started_;
  }
  started_ = written_;
}

void flush_ahead(int file, std::int64_t size, std::string_view name) {
  if (size < kLarge) {
    ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
  } else if (::fdatasync(file) != 0 && errno != EINVAL) {
    throw errno_error(errno, fmt::format("flushing {}", name));
  }
}

}  // namespace sealos
