#include "core/config/secret.hpp"

#include <cstring>

namespace sealos::config {
void wipe(std::string& text) noexcept {
  // Growing to the capacity never allocates, and makes the whole buffer ours to write.
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace sealos::config
