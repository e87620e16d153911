#include "core/config/secret.hpp"

#include <sys/prctl.h>

#include <cstring>

#include "support/json/json.hpp"

namespace sealos::config {

void keep_out_of_core_files() noexcept { ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void wipe(std::string& text) noexcept {
  // Growing to the capacity never allocates, and makes the whole buffer ours to write.
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

void wipe(Json& json) noexcept {
  if (json.is_object()) {
    for (auto& [key, value] : json.members("")) wipe(value);
  } else if (json.is_array()) {
    for (Json& value : json.items("")) wipe(value);
  } else if (json.is_string()) {
    // It is ours to write: what is const is the reference alone.
    wipe(const_cast<std::string&>(json.string("")));
  }
}

}  // namespace sealos::config
