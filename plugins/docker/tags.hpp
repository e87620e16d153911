// What a repository has, and removing it.
#pragma once

#include <string>
#include <vector>

#include "registry.hpp"

namespace sealos::docker {

/// All tags, sorted, whatever number of pages the registry makes of them.
std::vector<std::string> list_tags(Registry& registry);

/// `name` is a tag or a digest. A digest takes its tags with it. A tag goes alone: a registry that
/// can only remove manifests is given an empty image under the tag, which is then removed.
void remove_image(Registry& registry, const std::string& name);

}  // namespace sealos::docker
