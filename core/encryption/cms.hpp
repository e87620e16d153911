// CMS EnvelopedData (RFC 5652) for the pkcs7 scheme: with AES-128-GCM in the form that ocicrypt
// writes, which no CMS library reads, and in every form that OpenSSL reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/encryption/key_file.hpp"

namespace sealos::encryption {

/// A message for all certificates. Throws SEALOS_UNSUPPORTED for a certificate without RSA key.
std::string cms_encrypt(std::string_view plain, const std::vector<Certificate>& recipients);
/// Throws as cms_encrypt would.
void check_cms_recipient(const Certificate& recipient);

/// What the first private key that belongs to one of the certificates opens; nullopt: none does.
/// Throws SEALOS_INVALID for what is no such message.
std::optional<std::string> cms_decrypt(std::string_view message,
                                       const std::vector<Certificate>& certificates,
                                       const std::vector<Pkey>& keys);

/// Whom a message is for.
struct CmsRecipient {
  std::string identity;  ///< IssuerAndSerialNumber in DER
  std::string label;     ///< the same for people
};
/// Throws SEALOS_INVALID for what is no message, or one in BER.
std::vector<CmsRecipient> cms_recipients(std::string_view message);
/// The message without that recipient, counted from 0.
std::string cms_without(std::string_view message, size_t which);
/// The identity of a certificate's holder.
std::string cms_identity(const Certificate& certificate);

}  // namespace sealos::encryption
