// What gpg.so, which links GPGME, does for the engine.
#pragma once

#include "core/gpg/gpg.hpp"

namespace sealos::gpg {

struct GpgModule {
  static constexpr const char* kModule = "gpg";
  std::unique_ptr<Gpg> (*of_user)();
  std::unique_ptr<Gpg> (*temporary)(const std::string& temp_dir);
};

}  // namespace sealos::gpg
