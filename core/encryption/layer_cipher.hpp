// The layer cipher of ocicrypt: AES-256-CTR, and an HMAC-SHA256 of the ciphertext.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/config/secret.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos::encryption {

/// A layer's key and first counter block. Wiped when it goes.
struct LayerSecret {
  std::string key;    ///< 32 bytes
  std::string nonce;  ///< 16 bytes

  static LayerSecret random();
  LayerSecret(std::string key, std::string nonce) : key(std::move(key)), nonce(std::move(nonce)) {}
  LayerSecret(const LayerSecret&) = default;
  LayerSecret& operator=(const LayerSecret&) = default;
  ~LayerSecret() {
    config::wipe(key);
    config::wipe(nonce);
  }
};

/// `plain`, encrypted; as many bytes. At the end, before the reader sees it, `done` is called with
/// the HMAC (32 bytes), on a thread of the stream's own.
std::unique_ptr<Stream> encrypt(std::unique_ptr<Stream> plain, const LayerSecret& secret,
                                std::function<void(const std::string& hmac)> done);

/// `ciphertext`, decrypted. At the end its reader gets SEALOS_CORRUPT if the HMAC is another.
std::unique_ptr<Stream> decrypt(std::unique_ptr<Stream> ciphertext, const LayerSecret& secret,
                                std::string hmac);

}  // namespace sealos::encryption
