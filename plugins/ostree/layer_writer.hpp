// A layer's tar becomes a tree and a tar-split.
#pragma once

#include <optional>
#include <string>

#include "object_writer.hpp"
#include "sealos/sdk/stream.hpp"
#include "support/file/file.hpp"
#include "support/layer_tar/name_set.hpp"
#include "support/layer_tar/tar_reader.hpp"
#include "tree_builder.hpp"

namespace sealos::ostree {

/// Takes one tar. Files become objects while they go by. Not for concurrent use.
class LayerWriter {
 public:
  /// `split`: an empty file for the tar-split. hash: compute the digest of the tar.
  LayerWriter(const ObjectWriter& objects, Stream& tar, int split, bool hash);

  /// Reads on until the end, "", or to an entry that a tree and a tar-split cannot hold: then says
  /// what it is, and the bytes from the beginning on can be had from read_again. Throws what the
  /// stream throws.
  std::string run();

  /// After run() has come to the end.
  std::pair<std::string, std::string> write_tree() const;
  std::int64_t size() const { return reader_.bytes(); }
  /// Of the whole tar, if it is hashed; once.
  Digest digest() { return reader_.digest(); }

  /// After run() has stopped before the end: all bytes of the tar, those that were seen, and then
  /// the others. `split`: the file of the tar-split again, from its beginning.
  Pull read_again(Fd split);

 private:
  /// Remembers that it was the tar's stream that threw.
  class Watched final : public Stream {
   public:
    explicit Watched(Stream& from) : from_(from) {}
    size_t read(std::span<std::byte> into) override {
      failed_ = true;
      const size_t n = from_.read(into);
      failed_ = false;
      return n;
    }
    bool failed() const { return failed_; }

   private:
    Stream& from_;
    bool failed_ = false;
  };

  std::string take_entries();
  std::string obstacle(const layer_tar::TarEntry& entry,
                       const std::vector<std::string>& parts) const;
  void place(const layer_tar::TarEntry& entry, const std::vector<std::string>& parts);
  std::string put_content(const layer_tar::TarEntry& entry);

  const ObjectWriter& objects_;
  Watched tar_;
  layer_tar::TarSplitWriter split_;
  layer_tar::TarReader reader_;
  layer_tar::NameSet seen_;
  TreeBuilder tree_;
  std::uint64_t crc_ = 0;
};

}  // namespace sealos::ostree
