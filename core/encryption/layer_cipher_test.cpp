#include "core/encryption/layer_cipher.hpp"

#include <doctest/doctest.h>

#include "sealos/sdk/error.hpp"
#include "support/file/file_stream.hpp"

using namespace sealos;
using encryption::LayerSecret;

namespace {

struct Encrypted {
  std::string bytes, hmac;
};

Encrypted encrypted(const std::string& plain, const LayerSecret& secret) {
  Encrypted result;
  const auto stream = encryption::encrypt(memory_stream(plain), secret,
                                          [&](const std::string& hmac) { result.hmac = hmac; });
  CHECK(stream->size() == static_cast<std::int64_t>(plain.size()));
  result.bytes = read_stream(*stream, plain.size() + 1, "ciphertext");
  return result;
}

std::string decrypted(const std::string& bytes, const LayerSecret& secret, std::string hmac) {
  const auto stream = encryption::decrypt(memory_stream(bytes), secret, std::move(hmac));
  return read_stream(*stream, bytes.size() + 1, "plaintext");
}

}  // namespace

TEST_CASE("a layer of any size is encrypted and comes back") {
  const LayerSecret secret = LayerSecret::random();
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{131072}, size_t{1000003}}) {
    CAPTURE(size);
    const std::string plain(size, 'x');
    const Encrypted layer = encrypted(plain, secret);
    CHECK(layer.bytes.size() == size);
    if (size > 15) CHECK(layer.bytes != plain);
    CHECK(layer.hmac.size() == 32);
    CHECK(decrypted(layer.bytes, secret, layer.hmac) == plain);
  }
}

TEST_CASE("the cipher counts up from the nonce as a number of 128 bits") {
  // The second block with nonce n is the first one with n + 1, also where a byte overflows.
  const std::string key(32, 'k');
  const std::string plain(32, 0);
  const LayerSecret first(key, std::string(15, '\xff') + "\xfe");
  const LayerSecret second(key, std::string(16, '\xff'));
  CHECK(encrypted(plain, first).bytes.substr(16) == encrypted(plain, second).bytes.substr(0, 16));
}

TEST_CASE("a ciphertext or authentication code that was altered is refused at the end") {
  const LayerSecret secret = LayerSecret::random();
  const Encrypted layer = encrypted(std::string(300000, 'y'), secret);
  std::string bytes = layer.bytes;
  bytes[200000] ^= 1;
  CHECK_THROWS_AS(decrypted(bytes, secret, layer.hmac), Error);
  std::string hmac = layer.hmac;
  hmac[31] ^= 1;
  CHECK_THROWS_AS(decrypted(layer.bytes, secret, hmac), Error);
  CHECK_THROWS_AS(decrypted(layer.bytes.substr(1), secret, layer.hmac), Error);
  CHECK_THROWS_AS(decrypted(layer.bytes, LayerSecret::random(), layer.hmac), Error);
}
