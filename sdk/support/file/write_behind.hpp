// Large files on their way to the disk while they are written.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>

namespace sealos {

/// Told of each piece that is appended to a file, it sets the disk to work, and gives the memory of
/// what is on the disk back. So a copy of many gigabytes neither pushes what other programs use out
/// of the page cache nor ends with a long flush, and where memory is handed out slowly (virtual
/// machines) it is several times as fast. It waits for the disk on a thread of its own, that a slow
/// moment of the disk does not stop whoever makes the bytes; only when the disk is far behind does
/// wrote() wait. Not for concurrent use; owns nothing; files of less than two windows stay in the
/// cache. Does nothing on what is no regular file.
class WriteBehind {
 public:
  /// From where the file stands. The file has to stay open until this is gone.
  explicit WriteBehind(int file);
  /// Waits for what the disk is doing now, and starts nothing more.
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  /// `bytes` more were written.
  void wrote(std::int64_t bytes);

 private:
  void tell();
  void run();
  bool advance(std::int64_t to);

  const int file_;
  std::int64_t written_ = 0, said_ = 0;  // the writer's own: up to where, and what run knows of it
  std::int64_t started_ = 0, dropped_ = 0;  // run's own
  std::mutex mutex_;                        // guards what follows
  std::condition_variable changed_;
  std::int64_t told_ = 0, done_ = 0;
  bool able_ = false, stop_ = false;
  std::thread thread_;
};

/// For a file that is flushed later together with others: a large one is on the disk when this
/// returns, with a small one the disk begins. Called where files are written side by side, it
/// leaves little to wait for in the end. `name` is for messages.
void flush_ahead(int file, std::int64_t size, std::string_view name);

}  // namespace sealos
