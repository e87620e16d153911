// How a destination answers try_reuse. std only.
#pragma once

#include <cstdint>
#include <optional>

#include "sealos/sdk/types.hpp"

namespace sealos::sdk {

/// What is asked for or, best first, one of the candidates: the first that has the compression
/// which is required and a digest and a size that are there. `find(blob, digest)` gives the size
/// of what is there as an std::optional<std::int64_t>, nullopt if it is not.
template <typename Find>
std::optional<Blob> first_reusable(const Reuse& want, Find&& find) {
  const auto use = [&](const Blob& blob) -> std::optional<Blob> {
    if (!blob.digest || (want.compression && blob.compression != want.compression))
      return std::nullopt;
    const std::optional<std::int64_t> size = find(blob, *blob.digest);
    if (!size || (blob.size >= 0 && *size != blob.size)) return std::nullopt;
    Blob used = blob;
    used.size = *size;
    return used;
  };
  if (auto used = use(want.blob)) return used;
  for (const Blob& candidate : want.candidates) {
    if (auto used = use(candidate)) return used;
  }
  return std::nullopt;
}

}  // namespace sealos::sdk
