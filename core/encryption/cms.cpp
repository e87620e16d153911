#include "core/encryption/cms.hpp"

#include <fmt/format.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include <climits>

#include "core/config/secret.hpp"
#include "core/encryption/crypto.hpp"
#include "core/encryption/der.hpp"

namespace sealos::encryption {
namespace {

using namespace std::string_view_literals;

constexpr unsigned char kInteger = 0x02, kOctets = 0x04, kOid = 0x06, kSequence = 0x30, kSet = 0x31;
constexpr auto kEnvelopedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"sv;
constexpr auto kData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;
constexpr auto kRsaEncryption = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;
constexpr auto kAes128Gcm = "\x60\x86\x48\x01\x65\x03\x04\x01\x06"sv;
constexpr auto kAes256Gcm = "\x60\x86\x48\x01\x65\x03\x04\x01\x2e"sv;
constexpr size_t kGcmTag = 16;

template <typename Encode, typename Object>
std::string encoded(Encode encode, const Object* object) {
  unsigned char* bytes = nullptr;
  const int size = encode(object, &bytes);
  if (size < 0) throw Error(Status::internal, "OpenSSL failed: encoding a name");
  std::string text(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return text;
}

/// IssuerAndSerialNumber, as it stands in a message for the certificate.
std::string identity_of(const Certificate& certificate) {
  return der(kSequence, encoded(&i2d_X509_NAME, X509_get_issuer_name(certificate.get())) +
                            encoded(&i2d_ASN1_INTEGER, X509_get0_serialNumber(certificate.get())));
}

Pkey key_in(const Certificate& certificate) {
  EVP_PKEY* key = X509_get_pubkey(certificate.get());
  if (key == nullptr) throw Error(Status::invalid, "the certificate's key cannot be read");
  return own(key);
}

bool belongs_to(const Pkey& key, const Certificate& certificate) {
  return EVP_PKEY_eq(key_in(certificate).get(), key.get()) == 1;
}

/// The parameters of AES-GCM as the writers of this format have them: a primitive SEQUENCE around
/// the real one, and the nonce with a tag of its own.
std::string gcm_parameters(std::string_view nonce) {
  return der(0x10, der(kSequence, der(0x84, nonce) + der(kInteger, "\x10")));
}

struct Recipient {
  std::string_view identity;  ///< IssuerAndSerialNumber
  std::string_view key;
};

/// A message with AES-GCM, taken apart.
struct Message {
  std::vector<Recipient> recipients;
  size_t key_size = 0;
  Sealed content;
};

std::string_view nonce_in(DerReader parameters) {
  const auto outer = parameters.next();
  if (outer.tag == 0x10) return nonce_in(DerReader(outer.content));
  return DerReader(outer.content).next().content;
}

/// Nothing for a content cipher other than GCM.
std::optional<Message> take_apart(std::string_view text) {
  DerReader info(DerReader(text).expect(kSequence).content);
  if (info.expect(kOid).content != kEnvelopedData) return std::nullopt;
  DerReader data(DerReader(info.expect(0xa0).content).expect(kSequence).content);
  data.expect(kInteger);
  Message message;
  for (DerReader set(data.expect(kSet).content); !set.at_end();) {
    DerReader one(set.expect(kSequence).content);
    one.expect(kInteger);
    const std::string_view identity = one.expect(kSequence).whole;
    one.expect(kSequence);
    message.recipients.push_back({identity, one.expect(kOctets).content});
  }
  DerReader content(data.expect(kSequence).content);
  content.expect(kOid);
  DerReader algorithm(content.expect(kSequence).content);
  const std::string_view cipher = algorithm.expect(kOid).content;
  if (cipher != kAes128Gcm && cipher != kAes256Gcm) return std::nullopt;
  message.key_size = cipher == kAes128Gcm ? 16 : 32;
  message.content.nonce = nonce_in(algorithm);
  const auto encrypted = content.next();
  std::string_view bytes = encrypted.content;
  if (encrypted.tag == 0xa0) bytes = DerReader(bytes).expect(kOctets).content;
  if (bytes.size() < kGcmTag) throw Error(Status::invalid, "malformed PKCS#7 message");
  message.content.ciphertext = bytes.substr(0, bytes.size() - kGcmTag);
  message.content.tag = bytes.substr(bytes.size() - kGcmTag);
  return message;
}

std::optional<std::string> open_gcm(const Message& message,
                                    const std::vector<Certificate>& certificates,
                                    const std::vector<Pkey>& keys) {
  for (const Certificate& certificate : certificates) {
    const std::string identity = identity_of(certificate);
    for (const Recipient& recipient : message.recipients) {
      if (recipient.identity != identity) continue;
      for (const Pkey& key : keys) {
        if (!belongs_to(key, certificate)) continue;
        auto content_key = rsa_decrypt(key, RsaPadding::pkcs1, recipient.key);
        if (!content_key) continue;
        const config::WipeAtEnd wiped(*content_key);
        if (content_key->size() != message.key_size) continue;
        if (auto plain = gcm_open(*content_key, message.content, "")) return plain;
      }
    }
  }
  return std::nullopt;
}

using Cms = std::unique_ptr<CMS_ContentInfo, decltype(&CMS_ContentInfo_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::optional<std::string> open_with_openssl(CMS_ContentInfo* cms,
                                             const std::vector<Certificate>& certificates,
                                             const std::vector<Pkey>& keys) {
  for (const Certificate& certificate : certificates) {
    for (const Pkey& key : keys) {
      if (!belongs_to(key, certificate)) continue;
      const Bio out(BIO_new(BIO_s_mem()), &BIO_free);
      const int ok = CMS_decrypt(cms, key.get(), certificate.get(), nullptr, out.get(), CMS_BINARY);
      ERR_clear_error();
      if (ok != 1) continue;
      char* bytes = nullptr;
      const long size = BIO_get_mem_data(out.get(), &bytes);
      std::string plain(bytes, static_cast<size_t>(size));
      OPENSSL_cleanse(bytes, static_cast<size_t>(size));
      return plain;
    }
  }
  return std::nullopt;
}

/// "CN=alice, serial 1a2b".
std::string label_of(std::string_view identity) {
  DerReader reader(DerReader(identity).expect(kSequence).content);
  const std::string_view issuer = reader.expect(kSequence).whole;
  std::string serial;
  for (const char c : reader.expect(kInteger).content)
    serial += fmt::format("{:02x}", static_cast<unsigned char>(c));
  const auto* at = reinterpret_cast<const unsigned char*>(issuer.data());
  const std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)> name(
      d2i_X509_NAME(nullptr, &at, static_cast<long>(issuer.size())), &X509_NAME_free);
  const Bio out(BIO_new(BIO_s_mem()), &BIO_free);
  if (!name || !out || X509_NAME_print_ex(out.get(), name.get(), 0, XN_FLAG_RFC2253) < 0) {
    ERR_clear_error();
    throw Error(Status::invalid, "malformed PKCS#7 message");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return fmt::format("{}, serial {}", std::string_view(text, static_cast<size_t>(size)), serial);
}

/// The elements of EnvelopedData: version, recipients, content, and perhaps attributes.
std::vector<DerReader::Element> elements_of(std::string_view message) {
  DerReader info(DerReader(message).expect(kSequence).content);
  if (info.expect(kOid).content != kEnvelopedData)
    throw Error(Status::invalid, "malformed PKCS#7 message");
  DerReader data(DerReader(info.expect(0xa0).content).expect(kSequence).content);
  std::vector<DerReader::Element> elements;
  while (!data.at_end()) elements.push_back(data.next());
  if (elements.size() < 3 || elements[1].tag != kSet)
    throw Error(Status::invalid, "malformed PKCS#7 message");
  return elements;
}

}  // namespace

void check_cms_recipient(const Certificate& recipient) {
  if (EVP_PKEY_is_a(key_in(recipient).get(), "RSA") == 1) return;
  throw Error(Status::unsupported, "only certificates with RSA keys can be encrypted to");
}

std::string cms_encrypt(std::string_view plain, const std::vector<Certificate>& recipients) {
  std::string content_key = random_bytes(16);
  const config::WipeAtEnd wiped(content_key);
  std::string infos;
  for (const Certificate& recipient : recipients) {
    check_cms_recipient(recipient);
    const std::string key = rsa_encrypt(key_in(recipient), RsaPadding::pkcs1, content_key);
    infos += der(kSequence, der(kInteger, "\0"sv) + identity_of(recipient) +
                                der(kSequence, der(kOid, kRsaEncryption)) + der(kOctets, key));
  }
  const Sealed sealed = gcm_seal(content_key, plain, "");
  const std::string content =
      der(kSequence, der(kOid, kData) +
                         der(kSequence, der(kOid, kAes128Gcm) + gcm_parameters(sealed.nonce)) +
                         der(0x80, sealed.ciphertext + sealed.tag));
  const std::string enveloped = der(kSequence, der(kInteger, "\0"sv) + der(kSet, infos) + content);
  return der(kSequence, der(kOid, kEnvelopedData) + der(0xa0, enveloped));
}

std::optional<std::string> cms_decrypt(std::string_view message,
                                       const std::vector<Certificate>& certificates,
                                       const std::vector<Pkey>& keys) {
  if (message.size() > INT_MAX) throw Error(Status::invalid, "malformed PKCS#7 message");
  const auto* at = reinterpret_cast<const unsigned char*>(message.data());
  const Cms cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(message.size())),
                &CMS_ContentInfo_free);
  ERR_clear_error();
  if (cms) return open_with_openssl(cms.get(), certificates, keys);
  const std::optional<Message> parts = take_apart(message);
  if (!parts) throw Error(Status::unsupported, "a PKCS#7 message with another cipher than AES");
  return open_gcm(*parts, certificates, keys);
}

std::string cms_identity(const Certificate& certificate) { return identity_of(certificate); }

std::vector<CmsRecipient> cms_recipients(std::string_view message) {
  std::vector<CmsRecipient> recipients;
  for (DerReader set(elements_of(message)[1].content); !set.at_end();) {
    DerReader one(set.expect(kSequence).content);
    one.expect(kInteger);
    const std::string_view identity = one.expect(kSequence).whole;
    recipients.push_back({std::string(identity), label_of(identity)});
  }
  return recipients;
}

std::string cms_without(std::string_view message, size_t which) {
  std::string enveloped, infos;
  const auto elements = elements_of(message);
  size_t at = 0;
  for (DerReader set(elements[1].content); !set.at_end();) {
    const std::string_view info = set.next().whole;
    if (at++ != which) infos += info;
  }
  for (size_t i = 0; i < elements.size(); ++i)
    enveloped += i == 1 ? der(kSet, infos) : std::string(elements[i].whole);
  return der(kSequence, der(kOid, kEnvelopedData) + der(0xa0, der(kSequence, enveloped)));
}

}  // namespace sealos::encryption
