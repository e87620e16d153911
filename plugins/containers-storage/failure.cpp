#include "failure.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "sealos/sdk/error.hpp"
#include "support/file/file.hpp"

namespace sealos::containers_storage {

void fail(const char* doing, const std::string& name) {
  const int number = errno;
  throw errno_error(number, fmt::format("{} {}", doing, printable(name)));
}

}  // namespace sealos::containers_storage
