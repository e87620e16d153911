// Reading the tar-split of a layer: what its tar consists of, apart from the content of files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/stream.hpp"

namespace sealos::layer_tar {

/// One line of a tar-split file.
struct TarSplitEntry {
  bool is_file = false;      ///< else a segment: bytes of the tar as they were
  std::string name;          ///< of the file, as the tar has it
  std::int64_t size = 0;     ///< of the file's content
  bool crc_zero = false;     ///< of a file: the recorded checksum is that of nothing
  std::string_view payload;  ///< of a segment: base64, valid until the next call
};

/// Scans the uncompressed lines. Not for concurrent use. Memory is that of the longest line.
class TarSplitReader {
 public:
  /// name: for messages.
  TarSplitReader(std::unique_ptr<Stream> lines, std::string name);
  /// False at the end. Throws SEALOS_CORRUPT for lines that are no entries.
  bool next(TarSplitEntry& entry);

 private:
  std::string_view next_line();
  [[noreturn]] void refuse(std::string_view why) const;
  void parse(std::string_view line, TarSplitEntry& entry);
  bool parse_fast(std::string_view line, TarSplitEntry& entry) const;
  void parse_any(std::string_view line, TarSplitEntry& entry);

  std::unique_ptr<Stream> lines_;
  std::string name_;
  std::vector<char> buffer_;
  std::string kept_;  // a payload that does not stand in buffer_
  size_t begin_ = 0, end_ = 0;
  bool at_end_ = false;
};

}  // namespace sealos::layer_tar
