// New signatures of what a copy writes.
#pragma once

#include <string>
#include <vector>

#include "core/copy/copy.hpp"
#include "core/host/destination.hpp"
#include "core/host/reference.hpp"

namespace sealos {

class ManifestSigner {
 public:
  /// Before anything is read or written: throws where the destination does not store what the
  /// request's signers would make, or where it is not clear what name to sign.
  ManifestSigner(const CopyRequest& request, const Reference& to, Destination& destination);

  size_t count() const { return signers_.size(); }
  /// What is signed: the image's name; "": nothing is.
  const std::string& identity() const { return identity_; }
  std::vector<Item> sign(const Digest& manifest) const;

 private:
  const std::vector<std::shared_ptr<signing::Signer>>& signers_;
  std::string identity_;
};

/// Throws where the destination does not store signatures that are to be kept.
void check_kept_signatures(const std::vector<Item>& signatures, Destination& destination,
                           const std::string& transport);

}  // namespace sealos
