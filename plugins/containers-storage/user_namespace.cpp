#include "user_namespace.hpp"

#include <fcntl.h>

#include <cstdint>
#include <sstream>

#include "support/file/file.hpp"

namespace sealos::containers_storage {

bool in_user_namespace() {
  const int fd = ::open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const Fd file(fd);
  std::istringstream map(read_all(file.get(), "/proc/self/uid_map", 64 * 1024));
  std::uint64_t inside = 1, outside = 1, count = 0;
  map >> inside >> outside >> count;
  return inside != 0 || outside != 0 || count < 0xffffffff;
}

}  // namespace sealos::containers_storage
