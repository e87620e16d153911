// A plugin's destination, with C calls turned into values and exceptions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sealos/abi.h"
#include "sealos/ext/draft/signature_check.h"
#include "sealos/ext/referrers.h"
#include "sealos/sdk/referrers.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos {

/// Owns a sealos_destination. put_blob and try_reuse may run concurrently only if parallel(),
/// or ordered(); the rest never.
class Destination {
 public:
  /// Takes ownership; throws SEALOS_INTERNAL where the object breaks the contract.
  Destination(sealos_destination* c, std::string plugin);
  ~Destination();

  std::uint32_t flags() const { return c_->flags; }
  bool parallel() const { return (c_->flags & SEALOS_PARALLEL) != 0; }
  /// Whether they may run concurrently in turns, as SEALOS_ORDERED_BLOBS says.
  bool ordered() const;
  /// Best first; empty: any.
  std::vector<std::string> manifest_types() const;
  LayerCompression compression() const;
  /// Which compressions layers may be recoded to; nullopt: any.
  std::optional<std::vector<std::string>> layer_compressions() const;
  /// The formats of signatures that it stores; nullopt: any.
  std::optional<std::vector<std::string>> signature_formats() const;

  /// What was stored: its digest and size are set.
  Blob put_blob(const Blob& blob, Stream& from);
  /// nullopt: the blob has to be put.
  std::optional<Blob> try_reuse(const Reuse& want);
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  /// Throws what stands in the way of storing signatures of that format (the label of the items);
  /// before anything is put. Only if it stores any.
  void check_signatures(const std::string& format);
  void put_signatures(const std::optional<Digest>& instance, const std::vector<Item>& items);
  /// Whether the transport stores manifests that refer to its images.
  bool stores_referrers() const { return referrers() != nullptr; }
  /// Whether it also stores what stands beside its images.
  bool stores_attached() const;
  /// A manifest that has a subject; its blobs have been put, and commit is still to come. Throws
  /// SEALOS_UNSUPPORTED unless stores_referrers().
  void put_referrer(const Item& manifest);
  /// The manifests whose subject has this digest and that are there already; nullopt: the transport
  /// does not know.
  std::optional<std::vector<Referrer>> list_referrers(
      const Digest& subject, const std::optional<std::string>& artifact_type);
  /// A manifest that stands beside the one with this digest; otherwise the same.
  void put_attached(const Digest& subject, const std::string& kind, const Item& manifest);
  /// The reference of what was written, where the destination has something to say about it.
  std::optional<std::string> commit(const Item& top);
  /// Never throws; a failure is returned.
  std::optional<Error> abort() noexcept;

 private:
  struct Release {
    void operator()(sealos_destination* c) const {
      if (c->release != nullptr) c->release(c);
    }
  };
  const sealos_destination_referrers* referrers() const;

  std::unique_ptr<sealos_destination, Release> c_;
  std::string plugin_;
};

}  // namespace sealos
