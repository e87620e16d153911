// What a repository has, and removing it.
#pragma once

#include <string>
#include <vector>

#include "registry.hpp"

namespace sealos::docker {

/// All tags, sorted, whatever number of pages the registry makes of them.
std::vector<std::string> list_tags(Registry& registry);

/// `name` is a tag or a digest. A digest takes its tags with it. A tag is removed alone where the
/// registry can do that; others remove the manifest that it stands for, which is logged.
void remove_image(Registry& registry, const std::string& name);

}  // namespace sealos::docker
