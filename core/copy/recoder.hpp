// The stage of a copy that changes a layer's compression, and sees what it is.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/copy/plan.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos {

class ChunkedStream;
class PlainDigest;

/// A blob's bytes as they are to arrive. What is not a layer, or not to be recoded, passes as it
/// is, by its descriptor where it has one. Bytes that are compressed although their media type says
/// that they are not, or in another way, are recoded from what they are.
class Recoder {
 public:
  /// `from` is verified. The digest of the layer without compression is verified here, where the
  /// step knows it and the bytes pass in that form.
  Recoder(std::unique_ptr<Stream> from, const BlobStep& step);
  ~Recoder();

  Stream& stream() { return *stream_; }
  /// Of what arrives, by its bytes, not by its media type.
  const std::string& compression() const { return compression_; }
  /// After the end of the stream: what a manifest has to say of the new bytes. None for what should
  /// be zstd:chunked and came out as zstd alone.
  Annotations annotations() const;
  /// After the end of the stream: the digest without compression, where the step wanted to know it.
  std::optional<Digest> plain_digest() const;

 private:
  std::unique_ptr<Stream> plain(std::unique_ptr<Stream> from, const BlobStep& step);

  std::string compression_;
  std::unique_ptr<Stream> stream_;
  const ChunkedStream* chunked_ = nullptr;
  const PlainDigest* probe_ = nullptr;
};

}  // namespace sealos
