#include <fmt/format.h>

#include "support/compression/compressor.hpp"

namespace sealos {

LevelRange levels_of(Compression kind) {
  switch (kind) {
    case Compression::gzip:
      return {1, 9, 6};
    case Compression::zstd:
      return {1, 22, 3};
    case Compression::none:
      throw Error(Status::unsupported, "no compression has no levels");
    default:
      throw Error(Status::unsupported,
                  fmt::format("{} is read, but not written; use gzip or zstd", name_of(kind)));
  }
}

int checked_level(Compression kind, const CompressOptions& options) {
  const LevelRange levels = levels_of(kind);
  const int level = options.level.value_or(levels.usual);
  if (level < levels.least || level > levels.most) {
    throw Error(Status::invalid, fmt::format("{} has the levels {} to {}, not {}", name_of(kind),
                                             levels.least, levels.most, level));
  }
  return level;
}

std::unique_ptr<Stream> compress(std::unique_ptr<Stream> from, Compression kind,
                                 const CompressOptions& options) {
  const int level = checked_level(kind, options);
  return kind == Compression::gzip
             ? compression::gzip_compressor(std::move(from), level, options.threads)
             : compression::zstd_compressor(std::move(from), level, options.threads);
}

}  // namespace sealos
