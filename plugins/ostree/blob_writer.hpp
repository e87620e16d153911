// Blobs become commits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "object_writer.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::ostree {

struct WrittenBlob {
  Digest digest;
  std::int64_t size = 0;
  std::string commit;
};

/// Reads blobs to their end, in one pass, within the transaction of a repository. Thread-safe.
class BlobWriter {
 public:
  BlobWriter(sdk::Host host, std::shared_ptr<const Repository> repository)
      : host_(host), objects_(std::move(repository)) {}

  /// The bytes as they are, in one file. `size` -1: unknown. A digest that is given is the right
  /// one if the stream ends well.
  WrittenBlob raw(const std::optional<Digest>& digest, std::int64_t size, Stream& from) const;
  /// The files of a layer's tar, uncompressed, and a tar-split. What is no tar, or one that cannot
  /// be put together again from a folder tree, is stored raw.
  WrittenBlob split(const std::optional<Digest>& digest, Stream& from) const;

  const ObjectWriter& objects() const { return objects_; }

 private:
  WrittenBlob spooled(const std::optional<Digest>& digest, const Pull& pull) const;

  sdk::Host host_;
  ObjectWriter objects_;
};

}  // namespace sealos::ostree
