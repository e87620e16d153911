// The details of a docker-archive: reference.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "support/docker_name/docker_name.hpp"

namespace sealos::docker_archive {

/// `PATH[:DOCKER-REFERENCE | :@POSITION]`. PATH ends at the first colon.
struct ArchiveName {
  std::string path;                ///< "-": standard input or output
  std::optional<DockerName> name;  ///< with a tag, without a digest
  std::optional<size_t> position;  ///< in manifest.json, from 0

  /// Throws SEALOS_INVALID, naming what is wrong.
  static ArchiveName parse(std::string_view details);
  std::string canonical() const;
};

/// A docker reference with a tag, "latest" if it has none; throws SEALOS_INVALID for a digest.
DockerName parse_tagged(std::string_view text);

}  // namespace sealos::docker_archive
