// An image of a repository, read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "stored_commit.hpp"

namespace sealos::ostree {

/// Thread-safe.
class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  /// Throws SEALOS_NOT_FOUND where the repository has no image of that name.
  Source(std::shared_ptr<const Repository> repository, const std::string& image);

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);
  std::vector<Blob> layer_infos(const std::optional<Digest>& instance);
  std::vector<Item> read_signatures(const std::optional<Digest>& instance);

 private:
  void check_diff_ids() const;
  void check_instance(const std::optional<Digest>& instance) const;
  /// nullptr: there is no such blob.
  std::shared_ptr<const StoredCommit> find_blob(const Digest& digest) const;

  std::shared_ptr<const Repository> repository_;
  std::string image_;
  std::unique_ptr<StoredCommit> commit_;
  std::string manifest_;
  std::optional<Digest> digest_;
  /// The layers as they are read, and their commits, in order.
  std::vector<Blob> layers_;
  std::vector<std::shared_ptr<const StoredCommit>> commits_;
};

}  // namespace sealos::ostree
