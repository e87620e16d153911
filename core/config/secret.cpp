#include "core/config/secret.hpp"

#include <sys/prctl.h>

#include <cstring>

namespace sealos::config {

void keep_out_of_core_files() noexcept { ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void wipe(std::string& text) noexcept {
  // Growing to the capacity never allocates, and makes the whole buffer ours to write.
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace sealos::config
