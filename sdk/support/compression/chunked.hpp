// zstd:chunked: a layer of which parts can be fetched.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/compression/compression.hpp"

namespace sealos {

/// Ordinary zstd to every reader, in many frames: each file's content stands in frames of its own,
/// cut where its content says so. At the end, in frames that are skipped, come a table of contents,
/// what is needed to make the tar again, and where both are (containers/storage, pkg/chunked).
class ChunkedStream : public Stream {
 public:
  /// After the end: the annotations of the layer's descriptor, without which nobody looks for the
  /// table of contents. None for what is no tar archive, or one that a table of contents cannot
  /// describe (names twice or not in UTF-8, sparse files): then it is only zstd.
  virtual std::vector<std::pair<std::string, std::string>> annotations() const = 0;
};

/// As compress(), at the levels of zstd; where none is given, somewhat faster than its level 7 and
/// about as small. The tables take memory by the
/// number of files, about 100 bytes each.
std::unique_ptr<ChunkedStream> compress_chunked(std::unique_ptr<Stream> from,
                                                const CompressOptions& options = {});

}  // namespace sealos
