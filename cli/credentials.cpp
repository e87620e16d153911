#include "cli/credentials.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "core/config/credentials.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/file/file.hpp"

namespace sealos::cli {
namespace {

/// "" where the place names no registry.
std::string registry_of(const Location& place) {
  if (!place.details.starts_with("//")) return "";
  try {
    return DockerName::parse(place.details.substr(2)).domain;
  } catch (const Error&) {
    return "";
  }
}

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

}  // namespace

std::string ask_on_terminal(const std::string& prompt, bool show) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal) {
    throw Error(Status::unauthenticated, "there is no terminal to ask for " + prompt);
  }
  write_all(terminal.get(), prompt + ": ", "the terminal");
  std::unique_ptr<NoEcho> no_echo;
  if (!show) no_echo = std::make_unique<NoEcho>(terminal.get());
  std::string line;
  char c = 0;
  while (::read(terminal.get(), &c, 1) == 1 && c != '\n') line += c;
  if (!show) write_all(terminal.get(), "\n", "the terminal");
  return line;
}

void use_credentials(Hooks& hooks, const PushOptions& options, const CopyRequest& request) {
  config::CredentialOptions wanted;
  wanted.creds = options.creds;
  if (!options.authfile.empty()) {
    // Said now, not only when a registry happens to ask for credentials.
    if (::access(options.authfile.c_str(), R_OK) != 0) {
      throw errno_error(errno, "--authfile " + printable(options.authfile));
    }
    wanted.authfile = options.authfile;
  }
  if (wanted.creds) {
    wanted.host = registry_of(request.destination);
    if (wanted.host.empty()) wanted.host = registry_of(request.source);
  }
  config::Environment environment = config::Environment::of_process();
  environment.log = hooks.log;
  const auto finder = std::make_shared<config::CredentialFinder>(
      std::move(wanted), std::move(environment), &ask_on_terminal);
  hooks.credentials = [finder](const std::string& scope) { return finder->find(scope); };
}

}  // namespace sealos::cli
