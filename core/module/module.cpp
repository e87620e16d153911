#include "core/module/module.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

#include "core/install/program_folder.hpp"
#include "sealos/sdk/error.hpp"

namespace sealos {

const void* open_module(const char* name) {
  const std::string path = engine_part(name + std::string(".so"));
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const void* table = library == nullptr ? nullptr : ::dlsym(library, "sealos_module");
  if (table == nullptr) {
    const char* why = ::dlerror();
    throw Error(Status::internal, fmt::format("a part of sealos cannot be opened: {}",
                                              why == nullptr ? path : std::string(why)));
  }
  return table;
}

}  // namespace sealos
