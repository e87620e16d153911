// Owner, mode, times and extended attributes of what lies in a layer.
#pragma once

#include <string>

#include "support/layer_tar/tar_entry.hpp"

namespace sealos::containers_storage {

using layer_tar::EntryKind;
using layer_tar::TarEntry;

/// How whiteouts and opaque folders are written down, and what of an image's metadata is kept.
enum class Form {
  overlay,            ///< device 0:0, and the attribute trusted.overlay.opaque
  overlay_user,       ///< the same in a user namespace: user.overlay.opaque
  overlay_as_in_tar,  ///< with a mount program: ".wh." files as the tar has them
  staged              ///< the same, to be merged into a copy of the parent (vfs)
};

inline constexpr bool keeps_whiteout_files(Form form) {
  return form == Form::overlay_as_in_tar || form == Form::staged;
}

/// Gives folder/name the entry's owner, mode, times and attributes, in the order that keeps
/// set-id bits and capabilities. `file`: open on it, or -1. Throws.
void apply_metadata(const TarEntry& entry, int folder, const std::string& name, int file,
                    Form form);

/// Marks a folder as hiding what lower layers have in it.
void mark_opaque(int folder, const std::string& name, Form form);

/// Copies the extended attributes that a layer may have from one path to another, following no link
/// at their ends. What the target cannot have is left out.
void copy_xattrs(const std::string& from, const std::string& to);

/// Copies owner, mode, times and attributes of one folder to another. Both may be O_PATH.
void copy_metadata(int from, int to);

}  // namespace sealos::containers_storage
