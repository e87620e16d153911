// A parsed docker-archive: reference.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive_name.hpp"
#include "destination.hpp"
#include "sealos/sdk/host.hpp"
#include "source.hpp"
#include "support/tar/tar_file.hpp"

namespace sealos::docker_archive {

/// No scope of a policy but the transport's default applies.
class Reference {
 public:
  explicit Reference(std::string_view details);

  std::string canonical() const { return name_.canonical(); }
  std::optional<std::string> docker_name() const;
  std::unique_ptr<Source> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;
  std::vector<std::string> list_tags(sdk::Host host) const;

 private:
  std::unique_ptr<Destination> open(sdk::Host host, sdk::Intent intent) const;
  std::shared_ptr<const TarFile> open_tar(const sdk::Host& host) const;

  ArchiveName name_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const TarFile> piped_;  // what came by a pipe comes once
};

}  // namespace sealos::docker_archive
