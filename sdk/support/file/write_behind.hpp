// Large files on their way to the disk while they are written.
#pragma once

#include <cstdint>
#include <string_view>

namespace sealos {

/// Told of each piece that is appended to a file, it sets the disk to work, and gives the memory of
/// what is on the disk back. So a copy of many gigabytes neither pushes what other programs use out
/// of the page cache nor ends with a long flush, and where memory is handed out slowly (virtual
/// machines) it is several times as fast. Not for concurrent use; owns nothing; files of less than
/// two windows stay in the cache. Does nothing on what is no regular file.
class WriteBehind {
 public:
  /// From where the file stands.
  explicit WriteBehind(int file);
  /// `bytes` more were written.
  void wrote(std::int64_t bytes);

 private:
  void advance();

  int file_;
  bool able_;
  std::int64_t dropped_, started_, written_;  // offsets: up to where it is so
};

/// For a file that is flushed later together with others: a large one is on the disk when this
/// returns, with a small one the disk begins. Called where files are written side by side, it
/// leaves little to wait for in the end. `name` is for messages.
void flush_ahead(int file, std::int64_t size, std::string_view name);

}  // namespace sealos
