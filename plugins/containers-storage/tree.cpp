#include "tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "failure.hpp"
#include "metadata.hpp"
#include "support/file/file.hpp"

namespace sealos::containers_storage {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
constexpr size_t kMaxDepth = 400;  // each level has two descriptors open
constexpr size_t kBatch = 20000;   // names in memory at a time

/// Calls use(name) for every entry but "." and "..", until it returns false.
template <typename Use>
void for_each_entry(int folder, Use&& use) {
  const int copy = ::openat(folder, ".", kFolder | O_CLOEXEC);
  if (copy < 0) fail("reading", "a folder");
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), &::closedir);
  if (entries == nullptr) fail("reading", "a folder");
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr) {
      if (errno != 0) fail("reading", "a folder");
      return;
    }
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !use(name)) return;
  }
}

/// True if a file or an empty folder was removed, or nothing was there.
bool remove_single(int folder, const std::string& name) {
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return true;
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0) return true;
  if (errno != ENOTEMPTY && errno != EEXIST) fail("removing", name);
  return false;
}

/// Removes files and empty folders below top/name; what is deeper moves up into `top` under a new
/// name, so that no depth is too deep.
void remove_level(int top, const std::string& name) {
  const Fd inside = open_at(top, name, kFolder);
  for (auto batch = names_in(inside.get(), kBatch); !batch.empty();
       batch = names_in(inside.get(), kBatch)) {
    for (const std::string& entry : batch) {
      if (remove_single(inside.get(), entry)) continue;
      const std::string above = temporary_name(".removed-");
      if (::renameat(inside.get(), entry.c_str(), top, above.c_str()) != 0) fail("removing", entry);
    }
  }
}

class TreeCopy {
 public:
  TreeCopy(int to, const std::function<bool()>& cancelled) : top_(to), cancelled_(cancelled) {}

  void copy_folder(int from, int to, const std::string& path, size_t depth) {
    if (depth > kMaxDepth) throw Error(Status::unsupported, "a layer's folders are too deep");
    for_each_entry(from, [&](const std::string& name) {
      if (cancelled_()) throw Error(Status::cancelled, "cancelled");
      copy_entry(from, to, name, path + "/" + name, depth);
      return true;
    });
    copy_metadata(from, to);
  }

 private:
  void copy_entry(int from, int to, const std::string& name, const std::string& path,
                  size_t depth) {
    struct stat st;
    if (::fstatat(from, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) fail("looking at", name);
    if (S_ISDIR(st.st_mode)) {
      make_folder(to, name, 0700);
      return copy_folder(open_at(from, name, kFolder).get(), open_at(to, name, kFolder).get(), path,
                         depth + 1);
    }
    if (st.st_nlink > 1) {
      const auto [first, is_first] = links_.emplace(std::pair(st.st_dev, st.st_ino), path);
      if (!is_first) {
        if (::linkat(top_, first->second.c_str() + 1, to, name.c_str(), 0) != 0)
          fail("linking", name);
        return;
      }
    }
    if (S_ISREG(st.st_mode)) {
      copy_file(from, to, name, st);
    } else if (S_ISLNK(st.st_mode)) {
      std::string target(PATH_MAX, '\0');
      const ssize_t n = ::readlinkat(from, name.c_str(), target.data(), target.size());
      if (n < 0) fail("reading", name);
      target.resize(static_cast<size_t>(n));
      if (::symlinkat(target.c_str(), to, name.c_str()) != 0) fail("making", name);
    } else if (::mknodat(to, name.c_str(), st.st_mode, st.st_rdev) != 0) {
      fail("making", name);
    }
    finish(from, to, name, st);
  }

  static void copy_file(int from, int to, const std::string& name, const struct stat& st) {
    const Fd in = open_at(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const Fd out = open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (::ioctl(out.get(), FICLONE, in.get()) == 0) return;
    off_t data = 0;
    while (data < st.st_size) {
      data = ::lseek(in.get(), data, SEEK_DATA);
      if (data < 0) break;  // only a hole is left
      off_t end = ::lseek(in.get(), data, SEEK_HOLE);
      if (end < 0) end = st.st_size;
      off_t into = data;
      while (data < end) {
        const ssize_t n = ::copy_file_range(in.get(), &data, out.get(), &into,
                                            static_cast<size_t>(end - data), 0);
        if (n < 0) fail("copying", name);
        if (n == 0) throw Error(Status::io, printable(name) + " became shorter");
      }
    }
    if (::ftruncate(out.get(), st.st_size) != 0) fail("copying", name);
  }

  static void finish(int from, int to, const std::string& name, const struct stat& st) {
    if (::fchownat(to, name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
      fail("changing the owner of", name);
    if (!S_ISLNK(st.st_mode) && ::fchmodat(to, name.c_str(), st.st_mode & 07777, 0) != 0)
      fail("changing the mode of", name);
    copy_xattrs(fmt::format("/proc/self/fd/{}/{}", from, name),
                fmt::format("/proc/self/fd/{}/{}", to, name));
    const timespec times[2] = {st.st_atim, st.st_mtim};
    ::utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  }

  int top_;
  const std::function<bool()>& cancelled_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

class Merge {
 public:
  explicit Merge(const std::set<std::string>& implied) : implied_(implied) {}

  void run(int diff, int tree, const std::string& path, size_t depth) {
    if (depth > kMaxDepth) throw Error(Status::unsupported, "a layer's folders are too deep");
    const std::vector<std::string> names = names_in(diff);
    for (const std::string& name : names) {
      if (name == ".wh..wh..opq") empty_folder(tree);
    }
    for (const std::string& name : names) {
      if (name.starts_with(".wh.") && !name.starts_with(".wh..wh.")) {
        const std::string hidden = name.substr(4);
        if (hidden.empty() || hidden == "." || hidden == "..")
          throw Error(Status::corrupt, "the layer removes \"" + printable(path) + "\"");
        remove_tree(tree, hidden);
      }
    }
    for (const std::string& name : names) {
      if (!name.starts_with(".wh.")) merge_entry(diff, tree, name, path, depth);
    }
  }

 private:
  void merge_entry(int diff, int tree, const std::string& name, const std::string& path,
                   size_t depth) {
    struct stat own, other;
    if (::fstatat(diff, name.c_str(), &own, AT_SYMLINK_NOFOLLOW) != 0) fail("looking at", name);
    const bool there = ::fstatat(tree, name.c_str(), &other, AT_SYMLINK_NOFOLLOW) == 0;
    const bool both_folders = there && S_ISDIR(own.st_mode) && S_ISDIR(other.st_mode);
    if (there && !both_folders) remove_tree(tree, name);
    if (!S_ISDIR(own.st_mode)) {
      if (::renameat(diff, name.c_str(), tree, name.c_str()) != 0) fail("moving", name);
      return;
    }
    if (!both_folders) make_folder(tree, name, 0700);
    const Fd from = open_at(diff, name, kFolder), to = open_at(tree, name, kFolder);
    struct stat before;
    if (::fstat(from.get(), &before) != 0) fail("looking at", name);
    const std::string below = path.empty() ? name : path + "/" + name;
    run(from.get(), to.get(), below, depth + 1);
    if (both_folders && implied_.contains(below)) return;
    copy_metadata(from.get(), to.get());
    const timespec times[2] = {before.st_atim, before.st_mtim};
    ::futimens(to.get(), times);
  }

  const std::set<std::string>& implied_;
};

}  // namespace

std::vector<std::string> names_in(int folder, size_t most) {
  std::vector<std::string> out;
  for_each_entry(folder, [&](const std::string& name) {
    out.push_back(name);
    return out.size() < most;
  });
  return out;
}

void remove_tree(int folder, const std::string& name) {
  if (remove_single(folder, name)) return;
  // Nothing leaves the tree while it shrinks: whoever goes on after a kill finds it by its name.
  empty_folder(open_at(folder, name, kFolder).get());
  if (!remove_single(folder, name)) fail("removing", name);
}

void empty_folder(int folder) {
  for (auto batch = names_in(folder, kBatch); !batch.empty(); batch = names_in(folder, kBatch)) {
    for (const std::string& name : batch) {
      if (remove_single(folder, name)) continue;
      remove_level(folder, name);
      if (!remove_single(folder, name)) fail("removing", name);
    }
  }
}

void copy_tree(int from, int to, const std::function<bool()>& cancelled) {
  TreeCopy(to, cancelled).copy_folder(from, to, "", 0);
}

void merge_layer(int diff, int tree, const std::set<std::string>& implied) {
  Merge(implied).run(diff, tree, "", 0);
}

}  // namespace sealos::containers_storage
