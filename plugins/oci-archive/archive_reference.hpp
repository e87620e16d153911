// A parsed oci-archive: reference.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "archive_destination.hpp"
#include "sealos/sdk/host.hpp"
#include "support/oci_layout/layout_name.hpp"
#include "support/oci_layout/layout_source.hpp"
#include "support/tar/tar_file.hpp"

namespace sealos::oci_archive {

class Reference {
 public:
  /// Throws where the name is none, or the folder around the file does not exist.
  explicit Reference(std::string_view details);

  std::string canonical() const { return name_.canonical(); }
  /// "" for standard input and output.
  std::string policy_identity() const { return resolved_; }
  std::vector<std::string> policy_namespaces() const;

  std::unique_ptr<oci_layout::LayoutSource> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;
  std::vector<std::string> list_tags(sdk::Host host) const;

 private:
  std::unique_ptr<Destination> open(sdk::Host host, sdk::Intent intent) const;
  std::shared_ptr<const TarFile> open_tar(const sdk::Host& host) const;

  oci_layout::LayoutName name_;
  std::string resolved_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const TarFile> piped_;  // what came by a pipe comes once
};

}  // namespace sealos::oci_archive
