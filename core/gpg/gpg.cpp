#include "core/gpg/gpg.hpp"

#include "core/gpg/gpg_module.hpp"
#include "core/module/module.hpp"

namespace sealos::gpg {

std::unique_ptr<Gpg> Gpg::of_user() { return module<GpgModule>().of_user(); }

std::unique_ptr<Gpg> Gpg::temporary(const std::string& temp_dir) {
  return module<GpgModule>().temporary(temp_dir);
}

}  // namespace sealos::gpg
