#include "support/digest/hasher.hpp"

#include <openssl/evp.h>

#include <string>

namespace sealos {

struct Hasher::Impl {
  std::string algorithm;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Hasher::Hasher(std::string_view algorithm) : impl_(std::make_unique<Impl>()) {
  const EVP_MD* kind = algorithm == "sha256"   ? EVP_sha256()
                       : algorithm == "sha384" ? EVP_sha384()
                       : algorithm == "sha512" ? EVP_sha512()
                                               : nullptr;
  if (kind == nullptr) {
    throw Error(Status::unsupported, "unknown digest algorithm \"" + printable(algorithm) + "\"");
  }
  impl_->algorithm = algorithm;
  if (!impl_->context || EVP_DigestInit_ex(impl_->context.get(), kind, nullptr) != 1) {
    throw Error(Status::internal, "OpenSSL cannot compute " + impl_->algorithm);
  }
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::span<const std::byte> bytes) {
  if (EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()) != 1) {
    throw Error(Status::internal, "OpenSSL failed to hash");
  }
}

Digest Hasher::finish() {
  unsigned char raw[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_DigestFinal_ex(impl_->context.get(), raw, &length) != 1) {
    throw Error(Status::internal, "OpenSSL failed to hash");
  }
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text = impl_->algorithm + ":";
  for (unsigned i = 0; i < length; ++i) {
    text += kHex[raw[i] >> 4];
    text += kHex[raw[i] & 15];
  }
  return Digest::require(text);
}

Digest digest_of(std::string_view bytes, std::string_view algorithm) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace sealos
