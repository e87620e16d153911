#include "support/file/write_behind.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "support/file/file.hpp"

namespace sealos {
namespace {

constexpr std::int64_t kWindow = 8 << 20;
constexpr std::int64_t kFarBehind = 8 * kWindow;
constexpr std::int64_t kLarge = 1 << 20;

}  // namespace

WriteBehind::WriteBehind(int file) : file_(file) {
  const off_t at = ::lseek(file, 0, SEEK_CUR);
  able_ = at >= 0;
  written_ = said_ = started_ = dropped_ = told_ = done_ = able_ ? at : 0;
}

WriteBehind::~WriteBehind() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void WriteBehind::wrote(std::int64_t bytes) {
  written_ += bytes;
  if (written_ - said_ >= kWindow) tell();
}

void WriteBehind::tell() {
  said_ = written_;
  std::unique_lock lock(mutex_);
  if (!able_) return;
  told_ = written_;
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
      able_ = false;  // the kernel writes it all the same
    }
  }
  changed_.notify_all();
  changed_.wait(lock, [this] { return !able_ || told_ - done_ < kFarBehind; });
}

void WriteBehind::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || told_ > done_; });
    if (stop_) return;
    const std::int64_t to = told_;
    lock.unlock();
    const bool able = advance(to);
    lock.lock();
    able_ = able;
    done_ = to;
    changed_.notify_all();
    if (!able) return;
  }
}

/// What came last is on its way to the disk while the piece before it is waited for. Errors of the
/// disk are kept by the kernel for whoever flushes the file.
bool WriteBehind::advance(std::int64_t to) {
  if (::sync_file_range(file_, started_, to - started_, SYNC_FILE_RANGE_WRITE) != 0) return false;
  if (started_ > dropped_) {
    ::sync_file_range(
        file_, dropped_, started_ - dropped_,
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    ::posix_fadvise(file_, dropped_, started_ - dropped_, POSIX_FADV_DONTNEED);
    dropped_ = started_;
  }
  started_ = to;
  return true;
}

void flush_ahead(int file, std::int64_t size, std::string_view name) {
  if (size < kLarge) {
    ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
  } else if (::fdatasync(file) != 0 && errno != EINVAL) {
    throw errno_error(errno, fmt::format("flushing {}", name));
  }
}

}  // namespace sealos
