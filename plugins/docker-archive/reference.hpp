// A parsed docker-archive: reference.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive_name.hpp"
#include "destination.hpp"
#include "sealos/sdk/host.hpp"
#include "support/docker_archive/image_source.hpp"
#include "support/layout_archive/archive_blobs.hpp"

namespace sealos::docker_archive {

/// No scope of a policy but the transport's default applies.
class Reference {
 public:
  explicit Reference(std::string_view details);

  std::string canonical() const { return name_.canonical(); }
  std::optional<std::string> docker_name() const;
  std::unique_ptr<ImageSource> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;
  std::vector<std::string> list_tags(sdk::Host host) const;

 private:
  std::unique_ptr<Destination> open(sdk::Host host, sdk::Intent intent) const;

  ArchiveName name_;
  ArchiveInput input_;
};

}  // namespace sealos::docker_archive
