#include "confined_folder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "support/layer_tar/tar_path.hpp"

namespace sealos::containers_storage {

using layer_tar::join_path;

namespace {

constexpr size_t kMostMadeKept = 100000;

int open_inside(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  long fd;
  do {
    fd = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof(how));
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  return static_cast<int>(fd);
}

}  // namespace

std::optional<Fd> ConfinedFolder::find(const std::string& path) const {
  const int fd = open_inside(root_, path);
  if (fd >= 0) return Fd(fd);
  if (errno == ENOENT) return std::nullopt;
  if (errno == ENOTDIR || errno == ELOOP)
    throw Error(Status::corrupt, printable(path) + " in the layer is no folder");
  throw errno_error(errno, "opening " + printable(path));
}

int ConfinedFolder::make(const std::vector<std::string>& parts, size_t count,
                         std::vector<std::string>& made) {
  const std::string path = join_path(parts, count);
  if (last_is_known_ && path == last_path_) return last_.get();
  std::optional<Fd> folder = find(path);
  for (size_t i = 1; !folder && i <= count; ++i) {
    const std::string upto = join_path(parts, i);
    if (find(upto)) continue;
    const std::optional<Fd> above = find(join_path(parts, i - 1));
    if (!above || ::mkdirat(above->get(), parts[i - 1].c_str(), 0755) != 0) {
      if (!above || errno == EEXIST)
        throw Error(Status::corrupt,
                    printable(upto) + " in the layer is a link that leads nowhere");
      throw errno_error(errno, "making folder " + printable(upto));
    }
    ::fchmodat(above->get(), parts[i - 1].c_str(), 0755, 0);
    if (made.size() < kMostMadeKept) made.push_back(upto);
    if (i == count) folder = find(path);
  }
  if (!folder) throw Error(Status::corrupt, printable(path) + " in the layer leads nowhere");
  last_ = *std::move(folder);
  last_path_ = path;
  last_is_known_ = true;
  return last_.get();
}

}  // namespace sealos::containers_storage
