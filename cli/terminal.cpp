#include "cli/terminal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "core/config/secret.hpp"
#include "support/file/file.hpp"

namespace sealos::cli {
namespace {

constexpr size_t kMostSecret = 64 << 10;

/// Switches the echo of a terminal off while it lives.
class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(terminal_, TCSAFLUSH, &silent) == 0;
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }

 private:
  int terminal_;
  termios before_{};
  bool changed_ = false;
};

/// While it lives SIGINT and SIGTERM end a read, so that the terminal gets its echo back.
class SignalsEndReads {
 public:
  SignalsEndReads() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    for (size_t i = 0; i < 2; ++i) ::sigaction(kSignals[i], &action, &before_[i]);
  }
  SignalsEndReads(const SignalsEndReads&) = delete;
  SignalsEndReads& operator=(const SignalsEndReads&) = delete;
  ~SignalsEndReads() {
    for (size_t i = 0; i < 2; ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  }

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM};
  struct sigaction before_[2];
};

std::string read_line(int terminal) {
  std::string line;
  line.reserve(4096);  // a secret does not move, so that no part of it is left behind
  char c = 0;
  for (;;) {
    const ssize_t n = ::read(terminal, &c, 1);
    if (n < 0) throw Error(Status::cancelled, "interrupted");
    if (n == 0 || c == '\n') return line;
    line += c;
  }
}

}  // namespace

std::string ask_on_terminal(const std::string& prompt, bool show) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal) {
    const std::string_view wanted =
        std::string_view(prompt).substr(0, prompt.find_last_not_of(": ?") + 1);
    throw Error(Status::unauthenticated,
                fmt::format("there is no terminal to ask for: {}", printable(wanted)));
  }
  const SignalsEndReads interruptible;
  if (!show) config::keep_out_of_core_files();
  // Silent before the prompt is seen: what is typed at once is not shown either.
  std::unique_ptr<NoEcho> silent;
  if (!show) silent = std::make_unique<NoEcho>(terminal.get());
  write_all(terminal.get(), prompt, "the terminal");
  std::string line = read_line(terminal.get());
  if (!show) write_all(terminal.get(), "\n", "the terminal");
  return line;
}

std::string read_secret_from_stdin() {
  config::keep_out_of_core_files();
  std::string secret = read_all(STDIN_FILENO, "stdin", kMostSecret);
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  return secret;
}

void hide_in_arguments(int argc, char** argv, const std::string& secret) {
  if (secret.empty()) return;
  config::keep_out_of_core_files();
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.ends_with(secret)) continue;
    std::memset(argv[i] + argument.size() - secret.size(), '*', secret.size());
  }
}

}  // namespace sealos::cli
