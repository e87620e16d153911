// A plugin's source, with C calls turned into values and exceptions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sealos/abi.h"
#include "sealos/sdk/referrers.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos {

/// Owns a sealos_source. What it returns is unverified. Concurrent calls only if parallel().
class Source {
 public:
  /// Takes ownership; throws SEALOS_INTERNAL where the object breaks the contract.
  Source(sealos_source* c, std::string plugin);
  ~Source();

  std::uint32_t flags() const { return c_->flags; }
  bool parallel() const { return (c_->flags & SEALOS_PARALLEL) != 0; }
  /// The exact bytes, labelled with the media type as the transport knows it ("": unknown).
  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset = 0,
                                    std::int64_t length = -1);
  /// Empty where the transport stores none.
  std::vector<Item> read_signatures(const std::optional<Digest>& instance);
  /// nullopt: the layers are as the manifest says.
  std::optional<std::vector<Blob>> layer_infos(const std::optional<Digest>& instance);
  /// Whether the transport knows what refers to its images.
  bool has_referrers() const { return referrers() != nullptr; }
  /// The manifests whose subject has this digest. Empty where the transport does not know.
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& artifact_type = {});
  /// The manifests that stand beside the one with this digest, as cosign puts them.
  std::vector<Attached> list_attached(const Digest& subject);

 private:
  struct Release {
    void operator()(sealos_source* c) const {
      if (c->release != nullptr) c->release(c);
    }
  };
  const sealos_source_referrers* referrers() const;

  std::unique_ptr<sealos_source, Release> c_;
  std::string plugin_;
};

}  // namespace sealos
