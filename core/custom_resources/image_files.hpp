// The files of an image that a custom resource is made of, as its file system shows them. No I/O.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/custom_resources/layer_files.hpp"

namespace sealos::custom_resources {

/// Each file from the topmost layer that has it, unless a layer above takes it away. `layers` has
/// the lowest first. Throws SEALOS_UNSUPPORTED where they are too many, or one of those that are
/// seen cannot be taken.
std::map<std::string, std::string> visible_files(const std::vector<const LayerFiles*>& layers);

}  // namespace sealos::custom_resources
