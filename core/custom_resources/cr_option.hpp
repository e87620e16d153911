// --cr-option: whether the custom resource of an image is pushed with it.
#pragma once

#include <string_view>

namespace sealos::custom_resources {

/// yes: image and custom resource; no: the image alone; only: the custom resource alone; automatic:
/// both, where the image has one and the destination does not have it yet.
enum class CrOption { no, yes, only, automatic };

/// "yes", "no", "only", "auto". Throws SEALOS_INVALID for others, and lists these.
CrOption cr_option_named(std::string_view name);

}  // namespace sealos::custom_resources
