// The archive that a daemon saved: kept in a file without a name, its members by name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon_client.hpp"
#include "sealos/sdk/host.hpp"
#include "support/oci_layout/layout_source.hpp"
#include "support/tar/tar_index.hpp"

namespace sealos::docker_daemon {

/// Safe for concurrent use. A member is read once it is asked for.
class SavedArchive final : public oci_layout::BlobFiles {
 public:
  /// Takes the whole archive: what it says of itself comes last. Throws what the daemon said where
  /// it failed half-way, SEALOS_CORRUPT for what is no whole archive.
  static std::shared_ptr<const SavedArchive> receive(sdk::Host host, http::Response& response);
  /// An archive in a file; takes it over.
  SavedArchive(Fd file, std::int64_t size, const std::function<void()>& checkpoint);

  /// The text of a member; nullopt if there is none of that name.
  std::optional<std::string> text(const std::string& name, size_t most) const;
  const TarMember* find(const std::string& name) const { return index_.find(name); }
  std::unique_ptr<Stream> open(const TarMember& member, std::int64_t offset = 0,
                               std::int64_t length = -1) const;
  /// Below blobs/.
  std::unique_ptr<Stream> open(const Digest& digest, std::int64_t size, std::int64_t offset,
                               std::int64_t length) const override;

 private:
  Fd file_;
  TarIndex index_;
};

}  // namespace sealos::docker_daemon
