// The stage of a copy that changes a layer's compression, and sees what it is.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/copy/plan.hpp"
#include "core/encryption/keys.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos {

class ChunkedStream;
enum class Compression;
class PlainDigest;

namespace custom_resources {
class LayerScanner;
}

/// Who looks at the tar of a layer on its way.
struct LayerTap {
  custom_resources::LayerScanner* scanner = nullptr;  ///< outlives the stream; nullptr: nobody
  bool at_any_cost = false;  ///< also where the layer has to be decompressed for that alone
};

/// A blob's bytes as they are to arrive. What is not a layer, or not to be recoded, passes as it
/// is, by its descriptor where it has one. Where the first bytes of a layer are not what its media
/// type says, what is done with it is decided anew (as_found).
class Recoder {
 public:
  /// `from` is verified. The digest of the layer without compression is
  /// verified here, where the step knows it and the bytes pass in that form. An encrypted layer
  /// that the step has opened is decrypted first; one that is to be encrypted is so last, for
  /// `recipients`.
  Recoder(std::unique_ptr<Stream> from, BlobStep step,
          const encryption::Recipients* recipients = nullptr, LayerTap tap = {});
  Recoder(const Recoder&) = delete;
  Recoder& operator=(const Recoder&) = delete;
  ~Recoder();

  Stream& stream() { return *stream_; }
  /// What is done, which may be another thing than was planned.
  const BlobStep& step() const { return step_; }
  /// Of what arrives, by its bytes, not by its media type.
  const std::string& compression() const { return compression_; }
  /// After the end of the stream: what a manifest has to say of the new bytes. None for what should
  /// be zstd:chunked and came out as zstd alone.
  Annotations annotations() const;
  /// After the end of the stream: the digest without compression, where the step wanted to know it.
  std::optional<Digest> plain_digest() const;

 private:
  void recode(std::unique_ptr<Stream> from);
  void pass(std::unique_ptr<Stream> from, Compression kind);
  void encrypt(const encryption::Recipients& recipients);
  std::unique_ptr<Stream> plain(std::unique_ptr<Stream> from, Compression kind);

  BlobStep step_;
  const LayerTap tap_;
  std::string compression_;
  std::unique_ptr<Stream> stream_;
  const ChunkedStream* chunked_ = nullptr;
  const PlainDigest* probe_ = nullptr;
  Annotations keys_;  // of an encrypted layer
  std::string hmac_;  // written before the stream's end is seen
};

}  // namespace sealos
