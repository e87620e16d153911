#include "core/copy/plain_digest.hpp"

#include <vector>

#include "support/compression/compression.hpp"

namespace sealos {
namespace {

constexpr size_t kPiece = 64 * 1024;

}  // namespace

PlainDigest::PlainDigest(std::unique_ptr<Stream> from)
    : reader_(std::move(from), [this](Stream& same) {
        const auto plain = decompress_any(borrow(same));
        Hasher hasher;
        std::vector<std::byte> piece(kPiece);
        while (const size_t n = plain->read(piece)) hasher.update(std::span(piece).first(n));
        digest_ = hasher.finish();
      }) {}

}  // namespace sealos
