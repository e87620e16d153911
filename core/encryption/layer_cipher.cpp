#include "core/encryption/layer_cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/encryption/crypto.hpp"
#include "core/stream/read_ahead.hpp"
#include "sealos/sdk/error.hpp"

namespace sealos::encryption {
namespace {

constexpr size_t kMacSize = 32;

void require_openssl(bool ok, const char* what) {
  if (!ok) throw Error(Status::internal, std::string("OpenSSL failed: ") + what);
}

/// AES-256-CTR over what passes; encrypting and decrypting are the same.
class CounterStream final : public Stream {
 public:
  CounterStream(std::unique_ptr<Stream> from, const LayerSecret& secret)
      : from_(std::move(from)), context_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
    require_openssl(
        context_ && secret.key.size() == 32 && secret.nonce.size() == 16 &&
            EVP_EncryptInit_ex(context_.get(), EVP_aes_256_ctr(), nullptr,
                               reinterpret_cast<const unsigned char*>(secret.key.data()),
                               reinterpret_cast<const unsigned char*>(secret.nonce.data())) == 1,
        "AES-CTR");
  }

  size_t read(std::span<std::byte> into) override {
    const size_t n = from_->read(into.first(std::min(into.size(), kMost)));
    auto* bytes = reinterpret_cast<unsigned char*>(into.data());
    int done = 0;
    if (n > 0) {
      require_openssl(
          EVP_EncryptUpdate(context_.get(), bytes, &done, bytes, static_cast<int>(n)) == 1,
          "AES-CTR");
    }
    return n;
  }
  std::int64_t size() const override { return from_->size(); }

 private:
  static constexpr size_t kMost = size_t{1} << 30;

  std::unique_ptr<Stream> from_;
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
};

class Mac {
 public:
  explicit Mac(const std::string& key) : context_(nullptr, &EVP_MAC_CTX_free) {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context_.reset(EVP_MAC_CTX_new(mac));
    EVP_MAC_free(mac);
    char hash[] = "SHA256";
    const OSSL_PARAM settings[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                   OSSL_PARAM_construct_end()};
    require_openssl(
        context_ && EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()),
                                 key.size(), settings) == 1,
        "HMAC");
  }

  void update(std::span<const std::byte> bytes) {
    require_openssl(
        EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size()) == 1,
        "HMAC");
  }
  std::string finish() {
    std::string mac(kMacSize, 0);
    size_t size = 0;
    require_openssl(EVP_MAC_final(context_.get(), reinterpret_cast<unsigned char*>(mac.data()),
                                  &size, mac.size()) == 1,
                    "HMAC");
    return mac;
  }

 private:
  std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_;
};

}  // namespace

LayerSecret LayerSecret::random() { return {random_bytes(32), random_bytes(16)}; }

std::unique_ptr<Stream> encrypt(std::unique_ptr<Stream> plain, const LayerSecret& secret,
                                std::function<void(const std::string& hmac)> done) {
  auto mac = std::make_shared<Mac>(secret.key);
  return read_ahead(
      std::make_unique<CounterStream>(std::move(plain), secret),
      [mac](std::span<const std::byte> bytes) { mac->update(bytes); },
      [mac, done = std::move(done)] { done(mac->finish()); });
}

std::unique_ptr<Stream> decrypt(std::unique_ptr<Stream> ciphertext, const LayerSecret& secret,
                                std::string hmac) {
  auto mac = std::make_shared<Mac>(secret.key);
  auto checked = read_ahead(
      std::move(ciphertext), [mac](std::span<const std::byte> bytes) { mac->update(bytes); },
      [mac, hmac = std::move(hmac)] {
        const std::string found = mac->finish();
        if (hmac.size() == found.size() &&
            CRYPTO_memcmp(hmac.data(), found.data(), found.size()) == 0) {
          return;
        }
        throw Error(Status::corrupt,
                    "the layer's authentication code does not fit: it was altered, or encrypted "
                    "with another key");
      });
  return std::make_unique<CounterStream>(std::move(checked), secret);
}

}  // namespace sealos::encryption
