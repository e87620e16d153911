// An image that is written to a registry.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry.hpp"
#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/types.hpp"
#include "signatures.hpp"
#include "upload.hpp"

namespace sealos::docker {

class Destination {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL | SEALOS_KEEPS_URLS | SEALOS_KEEPS_LAYERS;

  /// insecure: see Registry.
  Destination(sdk::Host host, const DockerName& name, bool insecure, sdk::Intent intent);
  std::vector<std::string> manifest_types() const;
  LayerCompression compression() const { return LayerCompression::compress; }

  Blob put_blob(const Blob& blob, Stream& from);
  /// Uses what the repository has, or mounts what another one of the same registry has: a
  /// candidate's location is "path" or "host/path". A registry that refuses to answer here is
  /// taken as not having the blob. A preview mounts nothing, and asks the other repository.
  std::optional<Blob> try_reuse(const Reuse& want);
  /// A manifest that is there already is not sent. One that has a subject is added to the list of
  /// its referrers where the registry does not do that itself.
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  void put_referrer(const Item& manifest);
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& artifact_type);
  void check_signatures(std::string_view format) { signatures_.check(format); }
  /// Added to those that are there, which another tag of the same image may need.
  void put_signatures(const std::optional<Digest>& instance, const std::vector<Item>& items);
  void put_attached(const Digest& subject, const std::string& kind, const Item& manifest);
  std::optional<std::string> commit(const Item& top);

 private:
  /// absent: it is known not to be in this repository.
  std::optional<Blob> try_one(const Blob& candidate, bool absent);
  /// What was mounted, with its location; nullopt: nothing was.
  std::optional<Blob> try_mounts(const Blob& candidate);
  std::optional<Blob> try_mount(const Blob& candidate, const std::string& location);

  bool has_same(const std::string& name, const Item& manifest);

  Registry registry_;
  const DockerName name_;
  const bool preview_;
  Journal journal_;
  Uploader uploader_;
  Signatures signatures_;
  std::optional<Item> top_;  ///< the manifest that was put as such
};

}  // namespace sealos::docker
