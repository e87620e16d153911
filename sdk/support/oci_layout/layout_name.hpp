// The details of an oci: or oci-archive: reference.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sealos::oci_layout {

/// `PATH[:NAME | :@POSITION]`. PATH ends at the first colon.
struct LayoutName {
  std::string path;
  std::string name;                ///< "": none
  std::optional<size_t> position;  ///< in index.json, from 0

  /// Throws SEALOS_INVALID, naming what is wrong.
  static LayoutName parse(std::string_view details);

  /// Parses back to the same; ends in a colon where there is neither name nor position.
  std::string canonical() const;
};

/// Whether a name follows the grammar of org.opencontainers.image.ref.name (OCI image-spec,
/// annotations.md).
bool is_ref_name(std::string_view name);

}  // namespace sealos::oci_layout
