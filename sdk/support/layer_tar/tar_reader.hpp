// A tar, entry by entry, with every byte of it accounted for.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sealos/sdk/stream.hpp"
#include "support/digest/hasher.hpp"
#include "support/layer_tar/tar_entry.hpp"
#include "support/layer_tar/tar_split_writer.hpp"

namespace sealos::layer_tar {

/// Pulls a tar and gives headers, padding and the archive's end to a TarSplitWriter; what becomes
/// of contents, its user decides. Not for concurrent use; memory is bounded.
class TarReader {
 public:
  /// split may be nullptr: then what is not content is only read. hashes: digest() is wanted.
  explicit TarReader(Stream& tar, TarSplitWriter* split = nullptr, bool hashes = true);

  /// The next entry. Content of the one before that was not taken goes to the TarSplitWriter too.
  /// nullopt at the end, when everything behind the last entry has been read. Throws
  /// SEALOS_CORRUPT.
  std::optional<TarEntry> next();
  /// The next bytes of the entry's content, empty at its end; valid until the next call.
  std::span<const std::byte> content();
  /// Once next() has thrown for what is no entry, or instead of reading an entry's content: the
  /// bytes that follow those that the TarSplitWriter has, up to the end of the tar. Returns how
  /// many were stored, 0 at the end.
  size_t read_rest(std::span<std::byte> into);

  std::int64_t bytes() const { return bytes_; }
  /// Of all bytes, where it was wanted; call it once, after the end.
  Digest digest() { return hasher_.value().finish(); }

 private:
  bool fill();
  void keep(std::span<const std::byte> bytes);
  size_t available() const { return end_ - begin_; }
  std::optional<TarBlock> take_block();
  std::string take_data(std::int64_t size);
  void skip_padding();
  void take_rest();
  void add_extended_sparse(TarEntry& entry);

  Stream& tar_;
  TarSplitWriter* split_;
  std::optional<Hasher> hasher_;
  std::vector<std::byte> buffer_;
  size_t begin_ = 0, end_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t content_left_ = 0;
  size_t padding_ = 0;
};

}  // namespace sealos::layer_tar
