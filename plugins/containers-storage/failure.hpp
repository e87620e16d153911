// What went wrong with something in a layer.
#pragma once

#include <string>

namespace sealos::containers_storage {

/// Throws what errno says: "doing name: strerror".
[[noreturn]] void fail(const char* doing, const std::string& name);

}  // namespace sealos::containers_storage
