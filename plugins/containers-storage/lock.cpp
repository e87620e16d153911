#include "lock.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace sealos::containers_storage {
namespace {

/// False if another has it.
bool try_lock(int file, short type, const std::string& name) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  while (::fcntl(file, F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno != EINTR) throw errno_error(errno, "locking " + name);
  }
  return true;
}

}  // namespace

FileLock::FileLock(Fd file, Kind kind, const std::string& name,
                   const std::function<bool()>& cancelled)
    : file_(std::move(file)) {
  const short type = kind == Kind::shared ? F_RDLCK : F_WRLCK;
  auto pause = std::chrono::microseconds(200);
  while (!try_lock(file_.get(), type, name)) {
    if (cancelled()) throw Error(Status::cancelled, "cancelled while waiting for " + name);
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(20000));
  }
}

FileLock FileLock::for_reading(int folder, const std::string& path,
                               const std::function<bool()>& cancelled) {
  const int fd = ::openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT || errno == EACCES || errno == EPERM) return {};
    throw errno_error(errno, "opening " + path);
  }
  return FileLock(Fd(fd), Kind::shared, path, cancelled);
}

FileLock FileLock::for_writing(int folder, const std::string& path,
                               const std::function<bool()>& cancelled) {
  Fd file = open_at(folder, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0644);
  return FileLock(std::move(file), Kind::exclusive, path, cancelled);
}

FileLock FileLock::try_exclusive(Fd file) {
  FileLock lock;
  if (try_lock(file.get(), F_WRLCK, "a lock file")) lock.file_ = std::move(file);
  return lock;
}

void FileLock::announce_change() const {
  // As the Go library lays it out: time, counter, process, random bytes. Only "different" matters.
  std::byte token[64];
  const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  const auto pid = static_cast<std::uint32_t>(::getpid());
  if (::getrandom(token, sizeof(token), 0) != sizeof(token))
    throw errno_error(errno, "getting random bytes");
  std::memcpy(token, &now, sizeof(now));
  std::memcpy(token + 16, &pid, sizeof(pid));
  if (::pwrite(file_.get(), token, sizeof(token), 0) != sizeof(token))
    throw errno_error(errno, "writing a lock file");
}

}  // namespace sealos::containers_storage
