// How the plugin's process asks the engine.
#pragma once

#include <mutex>

#include "core/isolation/connection.hpp"

namespace sealos::isolation {

/// A connection on which any thread may ask: the one that runs a call, and those that the plugin
/// has started.
class Line {
 public:
  explicit Line(Fd socket) : connection_(std::move(socket)) {}

  /// The engine's answer. Throws ConnectionEnded.
  Message ask(Kind kind, const Writer& question) {
    const std::lock_guard lock(mutex_);
    connection_.send(kind, question);
    Message answer = connection_.receive();
    if (answer.kind != Kind::done) throw BadMessage("the engine does not answer");
    return answer;
  }

  /// For the thread that runs the calls of this line, between them.
  Message receive() { return connection_.receive(); }
  void send(Kind kind, const Writer& answer, int fd = -1) { connection_.send(kind, answer, fd); }
  SharedArea& area() { return connection_.area(); }

  /// The line whose call this thread runs; else the one of all other threads.
  static Line& of_this_thread();
  /// The caller keeps both for ever, or until its thread ends.
  static void set_for_this_thread(Line& line);
  static void set_for_other_threads(Line& line);

 private:
  std::mutex mutex_;
  Connection connection_;
};

}  // namespace sealos::isolation
