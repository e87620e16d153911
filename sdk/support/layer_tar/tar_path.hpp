// Paths as the entries of a tar have them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sealos::layer_tar {

/// The components of a path as a tar has it: without "", "." and "..", which cannot climb higher
/// than the root.
std::vector<std::string> clean_path(std::string_view name);
std::string join_path(const std::vector<std::string>& parts, size_t count);

/// A name with this in front removes what lower layers have under the rest of the name.
inline constexpr std::string_view kWhiteout = ".wh.";
/// Hides all that lower layers have in the folder where it is.
inline constexpr std::string_view kOpaque = ".wh..wh..opq";
/// Whether AUFS kept something of its own there, which is no part of the layer.
bool belongs_to_aufs(const std::vector<std::string>& parts);

/// Equal for names that stand for the same place in a layer.
std::uint64_t hash_of_name(std::string_view name);

}  // namespace sealos::layer_tar
