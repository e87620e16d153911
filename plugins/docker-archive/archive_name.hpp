// The details of a docker-archive: reference.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "support/docker_archive/archive_items.hpp"

namespace sealos::docker_archive {

/// `PATH[:DOCKER-REFERENCE | :@POSITION]`. PATH ends at the first colon.
struct ArchiveName : WantedImage {
  std::string path;  ///< "-": standard input or output

  /// Throws SEALOS_INVALID, naming what is wrong.
  static ArchiveName parse(std::string_view details);
  std::string canonical() const;
};

}  // namespace sealos::docker_archive
