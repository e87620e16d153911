// Who can read an encrypted layer, and how that changes without touching its bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/encryption/layer_keys.hpp"

namespace sealos::encryption {

/// One of those that a layer's key is wrapped for.
struct RecipientEntry {
  std::string scheme;  ///< "jwe", "pgp", "pkcs7", "provider.NAME"
  size_t number;       ///< among those of the scheme, from 1
  std::string label;   ///< what the message says of it: an algorithm, a certificate, a key id

  bool operator==(const RecipientEntry&) const = default;
};

/// Throws SEALOS_INVALID for a message that is not understood.
std::vector<RecipientEntry> recipients_of(const Annotations& annotations);

/// Which recipient is meant.
class RecipientChoice {
 public:
  /// SCHEME:NUMBER as recipients_of has it, pkcs7:CERTIFICATE-FILE, pgp:KEY-ID, or provider:NAME.
  /// Throws SEALOS_INVALID for another, and what reading a certificate throws.
  static RecipientChoice parse(const std::string& text);
  const std::string& text() const { return text_; }
  /// Whether it is counted, so that it means the same only where the lists are the same.
  bool by_number() const { return number_ != 0; }
  const std::string& scheme() const { return scheme_; }

 private:
  friend class RecipientRemover;
  std::string text_, scheme_;
  size_t number_ = 0;
  std::string key_id_;    ///< the end of it, or all
  std::string identity_;  ///< of a certificate
};

/// Who is to read, and who no longer.
struct RecipientEdit {
  std::shared_ptr<const Recipients> add = {};
  std::shared_ptr<const DecryptionKeys> keys = {};  ///< needed where some are added
  std::vector<RecipientChoice> remove = {};
};

/// A layer's annotations after the change. Throws SEALOS_NOT_FOUND where one that is to be removed
/// is none, SEALOS_INVALID where nobody would be left, SEALOS_UNAUTHENTICATED where no key opens
/// the layer.
Annotations edit_recipients(const Annotations& annotations, const RecipientEdit& edit);

}  // namespace sealos::encryption
