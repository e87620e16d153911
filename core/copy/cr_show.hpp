// sealos cr show: the custom resource of an image, wherever that lies.
#pragma once

#include <string>

#include "core/copy/copy.hpp"

namespace sealos {

/// As YAML of several documents. Made of the image's layers; published: what its place has for it,
/// which an earlier push has left there. Of the request the source and what concerns reading it
/// count. Throws CopyError; SEALOS_NOT_FOUND where nothing is published.
std::string show_custom_resource(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                                 const CopyRequest& request, bool published, Progress& progress);

}  // namespace sealos
