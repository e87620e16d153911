// Reads one image out of an OCI layout, wherever its blobs are: in a folder or in an archive.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sealos/sdk/referrers.hpp"
#include "sealos/sdk/source.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/json/json.hpp"
#include "support/oci_layout/layout_index.hpp"

namespace sealos::oci_layout {

/// Where blobs are. Safe for concurrent use.
class BlobFiles {
 public:
  virtual ~BlobFiles() = default;
  /// length -1: to the end. Throws SEALOS_NOT_FOUND where there is no such blob, SEALOS_CORRUPT
  /// where `size` is not -1 and the blob has another size.
  virtual std::unique_ptr<Stream> open(const Digest& digest, std::int64_t size, std::int64_t offset,
                                       std::int64_t length) const = 0;
};

/// Throws SEALOS_CORRUPT where a blob has not the size that it should have; -1: any will do.
void check_blob_size(const Digest& digest, std::int64_t is, std::int64_t should_be);

/// Reads a manifest or index and checks its size and digest.
std::string read_manifest_blob(const BlobFiles& blobs, const Descriptor& descriptor);

/// Of the manifests and indexes that index.json lists those whose subject has that digest;
/// artifact_type nullopt: of every type. Those that are missing are left out.
std::vector<Referrer> referrers_in(const Json::Array& entries, const BlobFiles& blobs,
                                   const Digest& subject,
                                   const std::optional<std::string>& artifact_type);

class LayoutSource {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  /// name: for messages. top: the chosen entry of index.json. entries: all of them, among which
  /// those that refer to an image are looked for.
  LayoutSource(std::string name, std::shared_ptr<const BlobFiles> blobs, const Json& top,
               Json::Array entries = {});

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& artifact_type);
  /// The entries that have names as attached_name makes them.
  std::vector<Attached> list_attached(const Digest& subject);

 private:
  const Descriptor& find_instance(const Digest& instance);
  const std::string& load(const Descriptor& descriptor);
  void remember(const std::string& manifest);
  void remember_data(const Json& descriptor);

  std::string name_;
  std::shared_ptr<const BlobFiles> blobs_;
  Descriptor top_;
  const Json::Array entries_;
  std::mutex mutex_;                       // guards what follows
  std::map<Digest, std::string> indexes_;  // texts of those that were read
  std::map<Digest, Descriptor> children_;  // of the indexes that were read
  std::map<Digest, std::string> data_;     // blobs that stand in their descriptors
};

}  // namespace sealos::oci_layout
