#include "core/copy/recoder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "core/copy/blob_copier.hpp"
#include "core/copy/plain_digest.hpp"
#include "core/encryption/layer_cipher.hpp"
#include "support/compression/chunked.hpp"
#include "support/compression/compression.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {
namespace {

/// What the bytes are, leaving a descriptor and its position alone.
std::unique_ptr<Stream> look(std::unique_ptr<Stream> from, Compression& kind) {
  if (from->fd() < 0) return look_at_compression(std::move(from), kind);
  std::array<std::byte, 6> head{};
  const off_t at = ::lseek(from->fd(), 0, SEEK_CUR);
  const ssize_t n = at < 0 ? -1 : ::pread(from->fd(), head.data(), head.size(), at);
  kind =
      n > 0 ? detect_compression(std::span(head).first(static_cast<size_t>(n))) : Compression::none;
  return from;
}

/// Ends well only if the bytes have the digest. Hashes on the reader's thread: decompressing and
/// compressing have threads of their own, and one between them would cost a copy of every byte.
class CheckedPlain final : public Stream {
 public:
  CheckedPlain(std::unique_ptr<Stream> from, const BlobStep& step)
      : from_(std::move(from)), step_(step), hasher_(step.plain->algorithm()) {}

  size_t read(std::span<std::byte> into) override {
    if (ended_) return 0;
    const size_t n = from_->read(into);
    hasher_.update(into.first(n));
    if (n != 0) return n;
    ended_ = true;
    if (const Digest found = hasher_.finish(); found != *step_.plain) {
      throw Error(Status::corrupt,
                  fmt::format("decompressed {} has digest {}, the image's config says {}",
                              name_of(step_), found.str(), step_.plain->str()));
    }
    return 0;
  }

 private:
  std::unique_ptr<Stream> from_;
  const BlobStep& step_;
  Hasher hasher_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Stream> Recoder::plain(std::unique_ptr<Stream> from, const BlobStep& step) {
  std::unique_ptr<Stream> stream = decompress_any(std::move(from));
  if (!step.plain) return stream;
  return std::make_unique<CheckedPlain>(std::move(stream), step);
}

Recoder::Recoder(std::unique_ptr<Stream> from, const BlobStep& step,
                 const encryption::Recipients* recipients)
    : compression_(step.compression) {
  if (step.opened) {
    from = encryption::decrypt(std::move(from), step.opened->secret, step.opened->hmac);
  }
  recode(std::move(from), step);
  if (step.encrypt) encrypt(step, *recipients);
}

/// The keys are wrapped first: what cannot be wrapped is not sent.
void Recoder::encrypt(const BlobStep& step, const encryption::Recipients& recipients) {
  const auto secret = encryption::LayerSecret::random();
  keys_ = encryption::wrap_secret(secret, step.from.digest->str(), recipients);
  stream_ = encryption::encrypt(std::move(stream_), secret,
                                [this](const std::string& hmac) { hmac_ = hmac; });
}

void Recoder::recode(std::unique_ptr<Stream> from, const BlobStep& step) {
  if (step.find_plain) {
    auto probe = std::make_unique<PlainDigest>(std::move(from));
    probe_ = probe.get();
    from = std::move(probe);
  }
  if (step.recode == Recode::none) {
    if (!step.layer) {
      stream_ = std::move(from);
      return;
    }
    Compression kind = Compression::none;
    stream_ = look(std::move(from), kind);
    compression_ = name_of(kind);
    return;
  }
  // The digest of what comes plain was verified as the blob's own.
  const bool known_plain = step.plain == step.from.digest;
  stream_ = known_plain ? std::move(from) : plain(std::move(from), step);
  if (step.recode == Recode::decompress) return;
  const CompressOptions options{step.level, 0};
  if (step.chunked) {
    auto chunked = compress_chunked(std::move(stream_), options);
    chunked_ = chunked.get();
    stream_ = std::move(chunked);
  } else {
    stream_ = compress(std::move(stream_), *compression_named(step.compression), options);
  }
}

Recoder::~Recoder() = default;

Annotations Recoder::annotations() const {
  if (keys_.empty()) return chunked_ == nullptr ? Annotations() : chunked_->annotations();
  Annotations all = keys_;
  all.push_back(encryption::public_options(hmac_));
  return all;
}

std::optional<Digest> Recoder::plain_digest() const {
  return probe_ == nullptr ? std::nullopt : std::optional(probe_->digest());
}

}  // namespace sealos
