#include "metadata.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "failure.hpp"
#include "support/file/file.hpp"

namespace sealos::containers_storage {
namespace {

/// A path to folder/name that follows nothing but the kernel's own link to the folder.
std::string through_proc(int folder, const std::string& name) {
  return fmt::format("/proc/self/fd/{}/{}", folder, name);
}

/// These are the store's own business, or the system's.
bool is_kept_out(const std::string& xattr) {
  return xattr.starts_with("trusted.overlay.") || xattr.starts_with("user.overlay.") ||
         xattr == "security.selinux";
}

void set_xattrs(const TarEntry& entry, int folder, const std::string& name, int file, Form form) {
  for (const auto& [key, value] : entry.xattrs) {
    if (is_kept_out(key)) continue;
    const int result = file >= 0 ? ::fsetxattr(file, key.c_str(), value.data(), value.size(), 0)
                                 : ::lsetxattr(through_proc(folder, name).c_str(), key.c_str(),
                                               value.data(), value.size(), 0);
    if (result == 0 || errno == ENOTSUP) continue;
    if (errno == EPERM && (form == Form::overlay_user || entry.kind != EntryKind::file)) continue;
    fail(("setting the attribute " + printable(key) + " of").c_str(), name);
  }
}

bool is_link(int folder, const std::string& name) {
  struct stat st;
  return ::fstatat(folder, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/// A second name of a file whose first one set all this; changing the owner again would take its
/// capabilities away.
bool has_already(const TarEntry& entry, int folder, const std::string& name) {
  struct stat st;
  return entry.kind == EntryKind::hard_link &&
         ::fstatat(folder, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == entry.uid &&
         st.st_gid == entry.gid && (S_ISLNK(st.st_mode) || (st.st_mode & 07777) == entry.mode);
}

}  // namespace

void apply_metadata(const TarEntry& entry, int folder, const std::string& name, int file,
                    Form form) {
  const timespec times[2] = {entry.atime, entry.mtime};
  if (file >= 0) {
    if (::fchown(file, entry.uid, entry.gid) != 0) fail("changing the owner of", name);
    if (::fchmod(file, entry.mode) != 0) fail("changing the mode of", name);
    if (::futimens(file, times) != 0) fail("changing the times of", name);
    set_xattrs(entry, folder, name, file, form);
    return;
  }
  if (!has_already(entry, folder, name)) {
    if (::fchownat(folder, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0)
      fail("changing the owner of", name);
    // A link, also a second name of one, has no mode.
    if (::fchmodat(folder, name.c_str(), entry.mode, AT_SYMLINK_NOFOLLOW) != 0 &&
        !(errno == EOPNOTSUPP && is_link(folder, name))) {
      fail("changing the mode of", name);
    }
  }
  if (::utimensat(folder, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    fail("changing the times of", name);
  set_xattrs(entry, folder, name, -1, form);
}

void mark_opaque(int folder, const std::string& name, Form form) {
  const char* key = form == Form::overlay_user ? "user.overlay.opaque" : "trusted.overlay.opaque";
  if (::lsetxattr(through_proc(folder, name).c_str(), key, "y", 1, 0) != 0)
    fail("making opaque", name);
}

void copy_xattrs(const std::string& from, const std::string& to) {
  const ssize_t size = ::llistxattr(from.c_str(), nullptr, 0);
  if (size <= 0) return;
  std::vector<char> names(static_cast<size_t>(size) + 1, '\0'), value;
  if (::llistxattr(from.c_str(), names.data(), static_cast<size_t>(size)) != size) return;
  for (const char* key = names.data(); *key != '\0'; key += std::strlen(key) + 1) {
    if (is_kept_out(key)) continue;
    const ssize_t length = ::lgetxattr(from.c_str(), key, nullptr, 0);
    if (length < 0) continue;
    value.resize(static_cast<size_t>(length));
    if (::lgetxattr(from.c_str(), key, value.data(), value.size()) == length)
      ::lsetxattr(to.c_str(), key, value.data(), value.size(), 0);
  }
}

void copy_metadata(int from, int to) {
  struct stat st;
  if (::fstat(from, &st) != 0) fail("looking at", "a folder");
  const std::string source = fmt::format("/proc/self/fd/{}", from);
  const std::string target = fmt::format("/proc/self/fd/{}", to);
  if (::chown(target.c_str(), st.st_uid, st.st_gid) != 0) fail("changing the owner of", "a folder");
  if (::chmod(target.c_str(), st.st_mode & 07777) != 0) fail("changing the mode of", "a folder");
  copy_xattrs(source + "/.", target + "/.");
  const timespec times[2] = {st.st_atim, st.st_mtim};
  ::utimensat(AT_FDCWD, target.c_str(), times, 0);
}

}  // namespace sealos::containers_storage
