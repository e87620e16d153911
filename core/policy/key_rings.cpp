#include "core/policy/key_rings.hpp"

namespace sealos::policy {

KeyRings::Ring& KeyRings::of(const std::vector<std::string>& keys) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Ring>& ring = rings_[keys];
  if (ring != nullptr) return *ring;
  auto made = std::make_unique<Ring>(gpg::Gpg::temporary(temp_dir_));
  for (const std::string& key : keys) {
    for (std::string& fingerprint : made->home->import(key))
      made->trusted.push_back(std::move(fingerprint));
  }
  ring = std::move(made);
  return *ring;
}

}  // namespace sealos::policy
