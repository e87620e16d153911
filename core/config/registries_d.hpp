// registries.d: where signatures of images of registries are (containers-registries.d(5)).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/config/environment.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::config {

/// Of one image.
struct SignatureStores {
  std::string read;  ///< address of the repository's folders: "file:///s/team/app"
  std::string write;
  bool configured = false;   ///< else they are the usual ones
  bool attachments = false;  ///< sigstore signatures are in the registry
};

/// All files of the folder; a value, safe to use from any thread.
class RegistriesD {
 public:
  /// The user's folder, ~/.config/containers/registries.d, or where there is none
  /// /etc/containers/registries.d. Throws SEALOS_INVALID for a file that is wrong, naming it.
  static RegistriesD load(const Environment& env);

  /// Each setting on its own: of the narrowest scope that has it.
  SignatureStores find(const DockerName& image) const;

 private:
  /// What stands under one scope; "" and nullopt: nothing.
  struct Section {
    std::string file, lookaside, staging;
    std::optional<bool> attachments;
  };
  struct Parser;

  std::map<std::string, Section> scopes_;
  std::optional<Section> default_;
  std::string usual_;  ///< address of the store where nothing is configured
};

}  // namespace sealos::config
