#include "staging.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "tree.hpp"

namespace sealos::containers_storage {
namespace {

constexpr std::string_view kLock = ".lock";

std::vector<std::string> lock_files_in(int folder) {
  std::vector<std::string> out;
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) throw errno_error(errno, "reading the staging folder");
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), &::closedir);
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name.ends_with(kLock)) out.push_back(name);
  }
  return out;
}

}  // namespace

StagingArea::StagingArea(int folder, std::string parent, const std::function<bool()>& cancelled)
    : folder_(folder), parent_(std::move(parent)) {
  // The writer that goes last removes the parent; then it is made again.
  for (int attempt = 0;; ++attempt) {
    try {
      sealos::make_folder(folder_, parent_, 0700);
      all_ = open_at(folder_, parent_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      name_ = temporary_name("");
      Fd file = open_at(all_.get(), name_ + std::string(kLock), O_RDWR | O_CREAT | O_EXCL, 0600);
      struct stat st;
      const int look = file.get();
      lock_ = FileLock(std::move(file), FileLock::Kind::exclusive, "the staging folder", cancelled);
      // Another may have taken the file for a dead writer's before it was locked.
      if (::fstat(look, &st) == 0 && st.st_nlink == 1) break;
    } catch (const Error& e) {
      if (e.status() != Status::not_found || attempt > 100) throw;
    }
  }
  remove_dead();
  sealos::make_folder(all_.get(), name_, 0700);
  own_ = open_at(all_.get(), name_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

StagingArea::~StagingArea() {
  try {
    remove_tree(all_.get(), name_);
    ::unlinkat(all_.get(), (name_ + std::string(kLock)).c_str(), 0);
    ::unlinkat(folder_, parent_.c_str(), AT_REMOVEDIR);
  } catch (const Error&) {
    // The next writer finds it and removes it.
  }
}

void StagingArea::remove_dead() const {
  for (const std::string& lock_name : lock_files_in(all_.get())) {
    const int fd = ::openat(all_.get(), lock_name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) continue;
    const FileLock lock = FileLock::try_exclusive(Fd(fd));
    if (!lock) continue;
    remove_tree(all_.get(), lock_name.substr(0, lock_name.size() - kLock.size()));
    ::unlinkat(all_.get(), lock_name.c_str(), 0);
  }
}

std::string StagingArea::make_folder() {
  const std::string name = std::to_string(count_++);
  sealos::make_folder(own_.get(), name, 0700);
  return name;
}

}  // namespace sealos::containers_storage
