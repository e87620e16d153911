// Blobs and other members on their way into a tar archive.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/tar/tar_writer.hpp"

namespace sealos {

/// Each blob is written once, wherever it occurs. Calls of put() with a stream may overlap where
/// takes_several() says so; each begins after the one before it has returned, or has read from its
/// stream and knew its size, and the order in which they first begin is that of the archive.
class ArchiveWriter {
 public:
  /// As TarWriter's.
  ArchiveWriter(TarSink& sink, std::int64_t mtime, unsigned mode, const std::string& temp_dir);

  /// Whether several blobs can be written at a time: into a file that can be opened once more.
  bool takes_several() const { return several_; }

  /// Writes a blob, unless it is there already. Returns digest and size.
  Blob put(const Blob& blob, Stream& from);
  void put(const Digest& digest, std::string_view bytes);
  /// The same for bytes that have been checked already.
  void put(const Digest& digest, std::int64_t size, Stream& from);
  bool has(const Digest& digest) const { return size_of(digest).has_value(); }
  /// The size of a blob that is here.
  std::optional<std::int64_t> size_of(const Digest& digest) const;

  /// Members that are no blobs.
  void add(const std::string& name, std::string_view text);
  void add(const std::string& name, std::int64_t size, Stream& from);
  void add_unsized(const std::string& name, Stream& from);

  /// Names of blobs in place of blobs/<algorithm>/<hex>, for those that put(blob, from) writes.
  using Namer = std::string (*)(const Blob& blob, const Digest& digest);
  void name_blobs(Namer namer) { namer_ = namer; }
  bool names_blobs() const { return namer_ != nullptr; }

  /// The end of the archive.
  void finish();
  /// Whether everything is where it belongs. A blob that was put again behind others is not, and
  /// leaves a gap.
  bool in_order() const;
  /// Writes all of it to another file as it should be. For a file that is finished.
  void copy_in_order(int archive, int to) const;

 private:
  struct Piece {
    std::int64_t start, length;
  };
  using Turn = std::uint64_t;

  template <typename Add>
  void append(Turn turn, Add&& add);
  template <typename Body>
  std::int64_t under_way(const Digest& digest, Body&& body);
  bool begin(const Digest& digest);
  void finish_blob(const Digest& digest, std::optional<std::int64_t> size);
  std::string path_for(const Blob& blob, const Digest& digest) const;
  Blob put_unnamed(const Blob& blob, Stream& from);
  void put_known(const std::string& path, const Digest& digest, std::int64_t size, Stream& from);
  void put_beside(const std::string& path, const Digest& digest, std::int64_t size, Stream& from);
  TarWriter::Place place_for(const std::string& path, const Digest& digest, std::int64_t size);
  Turn turn_of(const std::optional<Digest>& digest);

  TarSink& sink_;
  Namer namer_ = nullptr;
  bool several_ = false;
  std::mutex end_;  // of the archive: guards what moves it
  TarWriter tar_;
  mutable std::mutex mutex_;                // guards what follows
  std::map<Digest, std::int64_t> written_;  // and their sizes
  std::set<Digest> under_way_;
  std::set<Digest> promised_;                  // were under way when they were to be put once more
  std::map<Digest, Turn> turns_;               // of blobs that have begun
  std::map<Digest, TarWriter::Place> places_;  // of blobs that are written beside others
  std::map<Turn, Piece> pieces_;               // what is in a seekable file
  Turn next_ = 0;
};

}  // namespace sealos
