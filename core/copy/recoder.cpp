#include "core/copy/recoder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "core/copy/blob_copier.hpp"
#include "core/copy/plain_digest.hpp"
#include "core/custom_resources/layer_scanner.hpp"
#include "core/encryption/layer_cipher.hpp"
#include "core/stream/side_reader.hpp"
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

std::unique_ptr<Stream> Recoder::plain(std::unique_ptr<Stream> from, Compression kind) {
  // The digest of what comes plain was verified as the blob's own.
  if (step_.plain == step_.from.digest) return from;
  std::unique_ptr<Stream> stream = decompress(std::move(from), kind);
  if (!step_.plain) return stream;
  return std::make_unique<CheckedPlain>(std::move(stream), step_);
}

Recoder::Recoder(std::unique_ptr<Stream> from, BlobStep step,
                 const encryption::Recipients* recipients, LayerTap tap)
    : step_(std::move(step)), tap_(tap) {
  if (step_.opened)
    from = encryption::decrypt(std::move(from), step_.opened->secret, step_.opened->hmac);
  if (step_.find_plain) {
    auto probe = std::make_unique<PlainDigest>(std::move(from));
    probe_ = probe.get();
    from = std::move(probe);
  }
  if (step_.layer) {
    recode(std::move(from));
  } else {
    stream_ = std::move(from);
  }
  if (step_.encrypt) encrypt(*recipients);
}

/// The keys are wrapped first: what cannot be wrapped is not sent.
void Recoder::encrypt(const encryption::Recipients& recipients) {
  const auto secret = encryption::LayerSecret::random();
  keys_ = encryption::wrap_secret(secret, step_.from.digest->str(), recipients);
  stream_ = encryption::encrypt(std::move(stream_), secret,
                                [this](const std::string& hmac) { hmac_ = hmac; });
}

void Recoder::recode(std::unique_ptr<Stream> from) {
  Compression kind = Compression::none;
  from = look(std::move(from), kind);
  try {
    step_ = as_found(std::move(step_), std::string(name_of(kind)));
  } catch (const Error& e) {
    throw CopyError(e, Side::request);
  }
  compression_ = step_.recode == Recode::none ? name_of(kind) : step_.compression;
  if (step_.recode == Recode::none) return pass(std::move(from), kind);
  stream_ = plain(std::move(from), kind);
  if (tap_.scanner != nullptr)
    stream_ = custom_resources::watched(std::move(stream_), *tap_.scanner);
  if (step_.recode == Recode::decompress) return;
  const CompressOptions options{step_.level, 0};
  if (step_.chunked) {
    auto chunked = compress_chunked(std::move(stream_), options);
    chunked_ = chunked.get();
    stream_ = std::move(chunked);
  } else {
    stream_ = compress(std::move(stream_), *compression_named(step_.compression), options);
  }
}

/// The bytes as they are.
void Recoder::pass(std::unique_ptr<Stream> from, Compression kind) {
  stream_ = std::move(from);
  if (tap_.scanner == nullptr) return;
  const bool plain = kind == Compression::none;
  // A file that is taken by its descriptor is not read for this alone.
  if (plain && (tap_.at_any_cost || stream_->fd() < 0)) {
    stream_ = custom_resources::watched(std::move(stream_), *tap_.scanner);
  } else if (!plain && tap_.at_any_cost) {
    stream_ =
        std::make_unique<SideReader>(std::move(stream_), [scanner = tap_.scanner](Stream& same) {
          custom_resources::scan_all(borrow(same), *scanner);
        });
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
