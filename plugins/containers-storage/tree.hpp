// Whole trees on the disk: removed, copied, merged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace sealos::containers_storage {

/// The names in a folder, or so many of them; without "." and "..".
std::vector<std::string> names_in(int folder, size_t most = SIZE_MAX);

/// Removes folder/name and what is below it, of any depth, following nothing. Nothing there is
/// fine. Until all is gone, what is left of it is below folder/name.
void remove_tree(int folder, const std::string& name);

/// Removes all that is in a folder.
void empty_folder(int folder);

/// Copies what is below `from` into the empty folder `to`, with metadata and hard links, sharing
/// the content of files where the file system can. `cancelled` is asked now and then.
void copy_tree(int from, int to, const std::function<bool()>& cancelled);

/// Moves the files of a layer, whiteouts as in the tar, over the tree of its parent. `implied` are
/// the folders, by path, that keep the metadata they have in the parent. `diff` is used up.
void merge_layer(int diff, int tree, const std::set<std::string>& implied);

}  // namespace sealos::containers_storage
