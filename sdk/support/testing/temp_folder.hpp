// A folder that lives as long as a test. Link support_file.
#pragma once

#include <fcntl.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/file/file.hpp"

namespace sealos::testing {

struct TempFolder {
  std::filesystem::path path;
  Fd fd;
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sealos-test-XXXXXX").string();
    path = ::mkdtemp(name.data());
    fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  }
  ~TempFolder() { std::filesystem::remove_all(path); }
  std::string str(const std::string& name) const { return (path / name).string(); }
};

}  // namespace sealos::testing
