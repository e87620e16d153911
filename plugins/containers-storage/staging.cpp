#include "staging.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "tree.hpp"

namespace sealos::containers_storage {
namespace {

constexpr std::string_view kLock = ".lock";

std::string lock_of(const std::string& writer) { return writer + std::string(kLock); }

/// By the names of their lock files and folders.
std::set<std::string> writers_in(int folder) {
  std::set<std::string> out;
  for (std::string& name : names_in(folder)) {
    if (name.ends_with(kLock)) name.resize(name.size() - kLock.size());
    out.insert(std::move(name));
  }
  return out;
}

}  // namespace

StagingArea::StagingArea(int folder, std::string parent, const std::function<bool()>& cancelled,
                         Warn warn)
    : folder_(folder), warn_(std::move(warn)), parent_(std::move(parent)) {
  // The writer that goes last removes the parent; then it is made again.
  for (int attempt = 0;; ++attempt) {
    try {
      sealos::make_folder(folder_, parent_, 0700);
      all_ = open_at(folder_, parent_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      name_ = temporary_name("");
      Fd file = open_at(all_.get(), lock_of(name_), O_RDWR | O_CREAT | O_EXCL, 0600);
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
  remove_writer(name_);
  ::unlinkat(folder_, parent_.c_str(), AT_REMOVEDIR);
}

/// The lock file goes last: as long as it is there, whoever gets the lock goes on with the rest.
void StagingArea::remove_writer(const std::string& name) const {
  try {
    remove_tree(all_.get(), name);
    remove_tree(all_.get(), lock_of(name));
  } catch (const Error& e) {
    if (e.status() == Status::not_found) return;  // another removes it too
    warn_(fmt::format("{}/{} stays in the store until the next copy into it: {}", parent_, name,
                      e.what()));
  }
}

void StagingArea::remove_dead() const {
  for (const std::string& writer : writers_in(all_.get())) {
    if (writer == name_) continue;
    // What has no lock file belongs to nobody: a writer makes it before, and removes it after, all
    // else.
    Fd file(::openat(all_.get(), lock_of(writer).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    const bool is_nobodys = !file;
    const FileLock lock = file ? FileLock::try_exclusive(std::move(file)) : FileLock();
    if (lock || is_nobodys) remove_writer(writer);
  }
}

std::string StagingArea::make_folder() {
  const std::string name = std::to_string(count_++);
  sealos::make_folder(own_.get(), name, 0700);
  return name;
}

}  // namespace sealos::containers_storage
