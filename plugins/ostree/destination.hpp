// An image written into a repository.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "blob_writer.hpp"
#include "name.hpp"
#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::ostree {

/// All of it is one transaction: what is written becomes part of the repository, and the branches
/// of image and blobs appear, in commit. put_blob and try_reuse are thread-safe.
class Destination {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  /// split: store layers as files where that can be; else as they are. The repository may be
  /// nullptr for a preview, of a copy that would make it.
  Destination(sdk::Host host, std::shared_ptr<const Repository> repository, Name name, bool split,
              sdk::Intent intent);
  ~Destination();

  std::vector<std::string> manifest_types() const;
  LayerCompression compression() const;
  Blob put_blob(const Blob& blob, Stream& from);
  std::optional<Blob> try_reuse(const Reuse& want);
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  void put_signatures(const std::optional<Digest>& instance, const std::vector<Item>& items);
  std::optional<std::string> commit(const Item& top);
  void abort();

 private:
  struct Found {
    std::string commit;
    std::int64_t size;
  };

  bool is_to_be_split(const Blob& blob) const;
  std::optional<Found> find_stored(const Blob& blob);
  std::optional<Found> usable(const std::string& checksum, const Blob& blob, bool by_content) const;
  const std::map<std::string, std::string>& split_layers();
  std::string write_image() const;

  sdk::Host host_;
  std::shared_ptr<const Repository> repository_;
  Name name_;
  bool split_;
  BlobWriter writer_;
  bool open_ = false;
  std::mutex mutex_;                            // guards what follows, while blobs are written
  std::map<std::string, std::string> commits_;  // of the blobs that are there, by digest
  /// Commits of the repository's split layers, by the digest of the tar; found when first asked
  /// for.
  std::optional<std::map<std::string, std::string>> split_layers_;
  std::optional<Item> manifest_;
  std::vector<Item> signatures_;
};

}  // namespace sealos::ostree
