// storage.conf and the environment, as podman, buildah and skopeo find them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "details.hpp"

namespace sealos::containers_storage {

/// What the settings depend on, so that a test can make it up.
struct Environment {
  std::map<std::string, std::string> variables;
  unsigned uid = 0;
  bool rootless = false;  ///< not uid 0, or without CAP_SYS_ADMIN, or in a user namespace
  bool mapped = false;    ///< root of a user namespace, as "podman unshare" makes it
  std::string prefix;     ///< stands before "/etc" and "/usr/share"; "" outside tests
  static Environment of_this_process();
};

/// Where a store lies and how it is kept.
struct StoreSettings {
  std::string driver;  ///< "": whichever is there, see choose_driver
  std::string graphroot, runroot;
  std::string image_store;  ///< images and their layers lie here instead; "": in graphroot
  std::vector<std::string> additional;  ///< graphroots that are only read
  std::vector<std::string> driver_priority;
  std::map<std::string, std::string> options;  ///< of the driver, keys without prefix
  std::vector<std::string> warnings;           ///< for the user, about the configuration
  bool rootless = false, mapped = false;       ///< as in Environment
};

/// For a reference with this store part. Throws SEALOS_INVALID for configuration that cannot be
/// read, SEALOS_UNSUPPORTED for what no store of ours can have.
StoreSettings settings_for(const StoreSpec& spec, const Environment& environment);

/// The driver of a store where none is named: the one whose folder exists. Throws SEALOS_INVALID
/// where several do, SEALOS_UNSUPPORTED for btrfs and zfs.
std::string choose_driver(const StoreSettings& settings);

}  // namespace sealos::containers_storage
