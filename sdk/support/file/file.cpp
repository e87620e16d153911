#include "support/file/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sealos {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Error errno_error(int number, std::string_view doing) {
  Status status = Status::io;
  if (number == ENOENT || number == ENOTDIR) status = Status::not_found;
  if (number == EEXIST) status = Status::exists;
  return Error(status, fmt::format("{}: {}", doing, std::strerror(number)));
}

Fd open_at(int folder, const std::string& path, int flags, unsigned mode) {
  int fd;
  do {
    fd = ::openat(folder, path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw errno_error(errno, "opening " + printable(path));
  return Fd(fd);
}

Fd open_regular_beneath(int folder, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long fd;
  do {
    fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof(how));
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd < 0 && errno == EXDEV) {
    throw Error(Status::invalid, printable(path) + " leads out of its folder");
  }
  if (fd < 0) throw errno_error(errno, "opening " + printable(path));
  Fd file(static_cast<int>(fd));
  struct stat st;
  if (::fstat(file.get(), &st) != 0) throw errno_error(errno, "looking at " + printable(path));
  if (!S_ISREG(st.st_mode))
    throw Error(Status::invalid, printable(path) + " is not a regular file");
  return file;
}

std::int64_t size_of(int fd, std::string_view name) {
  struct stat st;
  if (::fstat(fd, &st) != 0) throw errno_error(errno, fmt::format("looking at {}", name));
  return st.st_size;
}

std::string read_all(int fd, std::string_view name, size_t most) {
  std::string text;
  char buffer[65536];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error(errno, fmt::format("reading {}", name));
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > most)
      throw Error(Status::invalid, fmt::format("{} is larger than {} bytes", name, most));
  }
}

void write_all(int fd, std::span<const std::byte> bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error(errno, fmt::format("writing {}", name));
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
}

void write_all(int fd, std::string_view text, std::string_view name) {
  write_all(fd, std::as_bytes(std::span(text)), name);
}

void sync_file(int fd, std::string_view name) {
  if (::fsync(fd) != 0 && errno != EINVAL)
    throw errno_error(errno, fmt::format("flushing {}", name));
}

void make_folder(int folder, const std::string& path, unsigned mode) {
  if (::mkdirat(folder, path.c_str(), mode) != 0 && errno != EEXIST) {
    throw errno_error(errno, "making folder " + printable(path));
  }
}

void replace_file(int folder, const std::string& name, std::string_view text, unsigned mode) {
  const std::string aside = temporary_name("." + name + ".");
  const Fd file = open_at(folder, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    write_all(file.get(), text, name);
    sync_file(file.get(), name);
    if (::renameat(folder, aside.c_str(), folder, name.c_str()) != 0)
      throw errno_error(errno, "replacing " + name);
  } catch (...) {
    ::unlinkat(folder, aside.c_str(), 0);
    throw;
  }
  sync_file(folder, "the folder of " + name);
}

std::string temporary_name(std::string_view prefix) {
  unsigned char raw[8];
  if (::getrandom(raw, sizeof(raw), 0) != sizeof(raw))
    throw errno_error(errno, "getting random bytes");
  std::string name(prefix);
  for (const unsigned char byte : raw) name += fmt::format("{:02x}", byte);
  return name;
}

std::string resolved_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(whole, error);
  std::string text = (error ? whole.lexically_normal() : resolved).string();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace sealos
