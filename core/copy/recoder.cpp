#include "core/copy/recoder.hpp"

#include <unistd.h>

#include <array>

#include "core/copy/blob_copier.hpp"
#include "core/copy/plain_digest.hpp"
#include "core/stream/verified.hpp"
#include "support/compression/chunked.hpp"
#include "support/compression/compression.hpp"

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

}  // namespace

std::unique_ptr<Stream> Recoder::plain(std::unique_ptr<Stream> from, const BlobStep& step) {
  std::unique_ptr<Stream> stream = decompress_any(std::move(from));
  if (!step.plain) return stream;
  Expectation expected;
  expected.digest = step.plain;
  expected.what = "decompressed " + name_of(step);
  return verified(std::move(stream), std::move(expected));
}

Recoder::Recoder(std::unique_ptr<Stream> from, const BlobStep& step)
    : compression_(step.compression) {
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
  return chunked_ == nullptr ? Annotations() : chunked_->annotations();
}

std::optional<Digest> Recoder::plain_digest() const {
  return probe_ == nullptr ? std::nullopt : std::optional(probe_->digest());
}

}  // namespace sealos
