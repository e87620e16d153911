#include "core/module/module.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>

#include "core/host/install_paths.hpp"
#include "sealos/sdk/error.hpp"

namespace sealos {
namespace {

/// Seen from the program, as the launcher finds the engine.
std::filesystem::path engine_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto engine = error ? std::filesystem::path(kEngine)
                            : program.parent_path() / std::filesystem::path(kEngineFromProgram);
  return engine.parent_path();
}

}  // namespace

const void* open_module(const char* name) {
  const std::string path = (engine_folder() / name).string() + ".so";
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
