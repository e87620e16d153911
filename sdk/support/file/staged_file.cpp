#include "support/file/staged_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace sealos {

StagedFile::StagedFile(int folder) : folder_(folder) {
  const int fd = ::openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
  if (fd >= 0) {
    file_ = Fd(fd);
  } else {
    temporary_ = temporary_name(".sealos-");
    file_ = open_at(folder, temporary_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
  }
  ::fchmod(file_.get(), 0644);
}

StagedFile::~StagedFile() {
  if (!temporary_.empty()) ::unlinkat(folder_, temporary_.c_str(), 0);
}

/// False where a file has the name already.
bool StagedFile::link_as(int folder, const std::string& name) const {
  const std::string self = fmt::format("/proc/self/fd/{}", file_.get());
  if (::linkat(AT_FDCWD, self.c_str(), folder, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  // Without /proc, for those who have the privilege.
  if (errno != EEXIST && ::linkat(file_.get(), "", folder, name.c_str(), AT_EMPTY_PATH) == 0)
    return true;
  if (errno == EEXIST) return false;
  throw errno_error(errno, "making " + name);
}

void StagedFile::keep(int folder, const std::string& name) {
  if (temporary_.empty()) {
    if (link_as(folder, name)) return;
    temporary_ = temporary_name(".sealos-");
    if (!link_as(folder_, temporary_)) throw errno_error(EEXIST, "making " + temporary_);
  }
  if (::renameat(folder_, temporary_.c_str(), folder, name.c_str()) != 0)
    throw errno_error(errno, "making " + name);
  temporary_.clear();
}

std::vector<std::string> enclosing_folders(std::string_view path) {
  std::vector<std::string> folders;
  for (size_t slash = path.rfind('/'); slash != std::string_view::npos && slash != 0;
       slash = path.substr(0, slash).rfind('/')) {
    folders.emplace_back(path.substr(0, slash));
  }
  return folders;
}

void check_path_scope(std::string_view scope) {
  const bool fits = scope.starts_with('/') && scope != "/" &&
                    std::filesystem::path(scope).lexically_normal().string() == scope &&
                    !scope.ends_with('/');
  if (!fits) {
    throw Error(Status::invalid,
                fmt::format("\"{}\" is not an absolute path in its normal form", printable(scope)));
  }
}

}  // namespace sealos
