// Which layers an image has from the image that it was built on. No I/O.
#pragma once

#include <vector>

#include "core/copy/plan.hpp"

namespace sealos {

/// Says of each image how many of its layers, from the first, are those of the base: of its image
/// for the same platform, or of the only one. They are compared without compression, where both
/// images know the digests of that. Throws SEALOS_INVALID where an image has no layer of the base,
/// or none beyond it. What is no image is left alone.
void find_base_layers(std::vector<ImageInput>& images, const std::vector<ImageInput>& base);

}  // namespace sealos
