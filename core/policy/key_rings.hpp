// OpenPGP keys that policy.json trusts, ready to check signatures with.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/gpg/gpg.hpp"

namespace sealos::policy {

/// Unpacking keys takes as long as checking many signatures, so keep it for a whole copy: each set
/// of keys is unpacked once, when it is first needed. Safe for concurrent use.
class KeyRings {
 public:
  /// temp_dir: they are unpacked below it.
  explicit KeyRings(std::string temp_dir) : temp_dir_(std::move(temp_dir)) {}

  struct Ring {
    explicit Ring(std::unique_ptr<gpg::Gpg> made) : home(std::move(made)) {}
    std::mutex mutex;  ///< held while `home` is used
    const std::unique_ptr<gpg::Gpg> home;
    std::vector<std::string> trusted;  ///< fingerprints of primary keys
  };
  /// keys: the texts of key files. Lives as long as this object.
  Ring& of(const std::vector<std::string>& keys);

 private:
  const std::string temp_dir_;
  std::mutex mutex_;  // guards rings_
  std::map<std::vector<std::string>, std::unique_ptr<Ring>> rings_;
};

}  // namespace sealos::policy
