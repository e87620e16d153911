// What the peers make of a definition file: a script that the image runs. No I/O.
#pragma once

#include <string>
#include <string_view>

namespace sealos::sif {

/// The script /podman/runscript that skopeo and podman put into an image, made of the sections
/// %environment and %runscript; "" where both are empty (containers/image, sif/load.go).
std::string peer_script(std::string_view definition);

}  // namespace sealos::sif
