// Writing the tar-split of a layer while its tar goes by.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "support/file/file.hpp"

struct libdeflate_compressor;

namespace sealos::layer_tar {

/// Takes the pieces of a tar in their order. What is not given as a file stands in the tar-split
/// byte for byte. Not for concurrent use; memory is bounded.
class TarSplitWriter {
 public:
  /// As Go has it: the text is large, and goes to the disk only.
  static constexpr int kFastest = 1;

  /// `file` is empty and stays open; `name` is for messages. level: of gzip, 1 to 12.
  TarSplitWriter(int file, std::string name, int level = kFastest);
  ~TarSplitWriter();

  /// Bytes of the tar that no file of the layer holds.
  void raw(std::span<const std::byte> bytes);
  /// Here comes the content of the layer's file of this name, `size` bytes; 0: none. crc: of it.
  void file(std::string_view name, std::int64_t size, std::uint64_t crc);
  /// Writes what is still here. Call it once, last.
  void finish();

 private:
  void end_segment();
  void end_line();
  void compress();

  int file_;
  std::string name_;
  std::string segment_, lines_, packed_;
  std::int64_t position_ = 0;
  struct Free {
    void operator()(libdeflate_compressor* compressor) const;
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_;
};

}  // namespace sealos::layer_tar
