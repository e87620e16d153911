// What secretbox.so, which links libsodium, does for the engine: NaCl's secretbox, which OpenSSL
// has not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sealos::signing {

struct SecretboxModule {
  static constexpr const char* kModule = "secretbox";
  static constexpr size_t kKey = 32, kNonce = 24, kMac = 16;  ///< bytes

  /// key and nonce have their sizes, the ciphertext at least kMac. nullopt: the key is another.
  std::optional<std::string> (*open)(std::string_view ciphertext, std::string_view nonce,
                                     std::string_view key);
};

}  // namespace sealos::signing
