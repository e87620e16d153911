// Blobs and other members on their way into a tar archive.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/tar/tar_writer.hpp"

namespace sealos {

/// Each blob is written once, wherever it occurs. Not for concurrent use.
class ArchiveWriter {
 public:
  /// As TarWriter's.
  ArchiveWriter(TarSink& sink, std::int64_t mtime, unsigned mode, const std::string& temp_dir)
      : tar_(sink, mtime, mode, temp_dir) {}

  /// Writes a blob, unless it is there already. Returns digest and size.
  Blob put(const Blob& blob, Stream& from);
  void put(const Digest& digest, std::string_view bytes);
  /// The same for bytes that have been checked already.
  void put(const Digest& digest, std::int64_t size, Stream& from);
  bool has(const Digest& digest) const { return written_.contains(digest); }
  /// The size of a blob that is here.
  std::optional<std::int64_t> size_of(const Digest& digest) const;

  /// Members that are no blobs.
  void add(const std::string& name, std::string_view text) { tar_.add(name, text); }
  void add(const std::string& name, std::int64_t size, Stream& from) { tar_.add(name, size, from); }
  void add_unsized(const std::string& name, Stream& from);

  /// Names of blobs in place of blobs/<algorithm>/<hex>, for those that put(blob, from) writes.
  using Namer = std::string (*)(const Blob& blob, const Digest& digest);
  void name_blobs(Namer namer) { namer_ = namer; }
  bool names_blobs() const { return namer_ != nullptr; }

  /// The end of the archive.
  void finish() { tar_.finish(); }

 private:
  std::string path_for(const Blob& blob, const Digest& digest) const;
  Blob put_unknown(const Blob& blob, Stream& from);

  TarWriter tar_;
  Namer namer_ = nullptr;
  std::map<Digest, std::int64_t> written_;  // and their sizes
};

}  // namespace sealos
