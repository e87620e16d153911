// The size of a layer without compression, before it has been decompressed.
#pragma once

#include <cstdint>
#include <optional>

#include "core/copy/plan.hpp"
#include "core/host/source.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos {

/// What the source's bytes say of the size that arrives, where the step decompresses gzip. A guess:
/// see said_gzip_size. `opened` is the layer's own stream, which is left where it stands. Throws
/// nothing but SEALOS_CANCELLED: what cannot be found out is not known.
std::optional<std::int64_t> said_size(Source& source, const BlobStep& step, const Stream& opened);

/// Fails where the stream has another size than said.
class SaidSizeStream final : public Stream {
 public:
  SaidSizeStream(Stream& from, std::int64_t said) : from_(from), left_(said) {}
  size_t read(std::span<std::byte> into) override;
  std::int64_t size() const override { return left_; }
  /// Whether that is why it failed.
  bool was_wrong() const { return wrong_; }

 private:
  Stream& from_;
  std::int64_t left_;
  bool wrong_ = false;
};

}  // namespace sealos
