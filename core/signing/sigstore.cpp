#include "core/signing/sigstore.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>

#include "core/config/secret.hpp"
#include "core/signing/payload.hpp"
#include "support/json/json.hpp"

namespace sealos::signing {
namespace {

constexpr const char* kSignature = "dev.cosignproject.cosign/signature";
constexpr const char* kPayloadType = "application/vnd.dev.cosign.simplesigning.v1+json";

std::string decoded(const std::string& text, const char* what) {
  if (auto bytes = config::decode_base64(text)) return *std::move(bytes);
  throw Error(Status::invalid, std::string(what) + " of a sigstore signature is not base64");
}

bool verifies(const SigstoreSignature& signature, const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PUBKEY(bytes.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  ERR_clear_error();
  if (!key) throw Error(Status::invalid, "a public key of the signature policy is not PEM");
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const EVP_MD* hash = EVP_PKEY_is_a(key.get(), "ED25519") == 1 ? nullptr : EVP_sha256();
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(),
                       reinterpret_cast<const unsigned char*>(signature.signature.data()),
                       signature.signature.size(),
                       reinterpret_cast<const unsigned char*>(signature.payload.data()),
                       signature.payload.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

SigstoreSignature SigstoreSignature::parse(std::string_view text) {
  const Json json = Json::parse(text);
  if (json.text_at("mimeType") != kPayloadType) {
    throw Error(Status::invalid, "a sigstore signature of type \"" +
                                     printable(json.text_at("mimeType")) + "\" is not understood");
  }
  SigstoreSignature signature{decoded(json.text_at("payload"), "the payload"), {}};
  if (const Json* annotations = json.find("annotations")) {
    signature.signature = decoded(annotations->text_at(kSignature), "the signature");
  }
  return signature;
}

std::string SigstoreSignature::json() const {
  return Json::object({{"mimeType", kPayloadType},
                       {"payload", encode_base64(payload)},
                       {"annotations", Json::object({{kSignature, encode_base64(signature)}})}})
      .dump();
}

bool signed_by_any(const SigstoreSignature& signature, const std::vector<std::string>& keys) {
  if (signature.signature.empty()) return false;
  return std::any_of(keys.begin(), keys.end(),
                     [&](const std::string& key) { return verifies(signature, key); });
}

Payload parse_sigstore_payload(std::string_view text) {
  return parse_payload_of_type(text, kSigstoreType, true);
}

}  // namespace sealos::signing
