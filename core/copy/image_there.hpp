// An image that is at the destination already.
#pragma once

#include <string>

#include "core/copy/plan.hpp"
#include "core/host/source.hpp"
#include "core/manifest/manifest.hpp"

namespace sealos {

struct ImageThere {
  Manifest top;    ///< what the destination's reference names
  Manifest image;  ///< top, or of an index the image for this machine, else the first
};

/// Of a place that takes everything as it is, for an image that goes nowhere.
DestinationTraits taking_everything(const std::string& name);

/// source: the destination, opened to be read. Throws SEALOS_NOT_FOUND where nothing is there.
ImageThere find_image_there(Source& source);

}  // namespace sealos
