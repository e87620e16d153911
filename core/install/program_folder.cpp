#include "core/install/program_folder.hpp"

#include <unistd.h>

#include <filesystem>

#include "core/install/install_paths.hpp"

namespace sealos {

std::string program_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? kProgramFolder : program.parent_path().string();
}

std::string engine_part(const std::string& name) {
  std::string path = program_folder() + "/" + kEngineFolderFromProgram + "/" + name;
  return ::access(path.c_str(), F_OK) == 0 ? path : kEngineFolder + ("/" + name);
}

}  // namespace sealos
