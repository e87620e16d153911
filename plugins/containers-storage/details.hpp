// The grammar of what stands after "containers-storage:". No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/docker_name/docker_name.hpp"

namespace sealos::containers_storage {

/// `[driver@graphroot+runroot:option,option]`; what is not given is empty.
struct StoreSpec {
  std::string driver, graphroot, runroot;
  std::vector<std::string> options;  ///< "key=value"
  bool empty() const {
    return driver.empty() && graphroot.empty() && runroot.empty() && options.empty();
  }
};

/// A reference, cut into its parts but not yet looked up.
struct Details {
  StoreSpec store;
  std::string image;  ///< never empty
};

/// Throws SEALOS_INVALID, naming what is wrong.
Details split_details(std::string_view text);

/// What the image part can mean without looking into a store. At least one member is set.
struct ImageForm {
  std::optional<DockerName> name;  ///< fully explicit, with a tag or a digest
  std::string id;                  ///< 64 hex digits, from "name@ID", "@ID" or "ID"; "": none
  std::string id_prefix;           ///< the text, where it may also be the start of an ID
  std::optional<Digest> digest;    ///< "sha256:..." or "@sha256:...": of an image or a manifest
  bool short_name = false;         ///< written without a registry, "app:5"
  std::string written;             ///< as the user wrote it
};

/// Throws SEALOS_INVALID.
ImageForm parse_image(std::string_view text);

/// 64 lower-case hexadecimal digits.
bool is_full_id(std::string_view text);

}  // namespace sealos::containers_storage
