#include "core/isolation/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sealos::isolation {
namespace {

/// What a process may take to end when its connections have.
constexpr int kPatience = 1000;

class StartActions {
 public:
  StartActions() {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none, usual;
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
      ::sigaddset(&usual, number);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &usual);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  StartActions(const StartActions&) = delete;
  StartActions& operator=(const StartActions&) = delete;
  ~StartActions() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&files_);
  }

  /// Under the same number; no longer closed by exec.
  void pass(int fd) { ::posix_spawn_file_actions_adddup2(&files_, fd, fd); }
  void stdin_is_empty() {
    ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  void stdout_is_stderr() {
    ::posix_spawn_file_actions_adddup2(&files_, STDERR_FILENO, STDOUT_FILENO);
  }

  pid_t start(const std::string& program, std::vector<std::string> arguments) {
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (std::string& word : arguments) words.push_back(word.data());
    words.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, program.c_str(), &files_, &attributes_, words.data(), ::environ);
    if (error != 0) throw errno_error(error, "starting " + program);
    return pid;
  }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

std::string name_of_signal(int number) {
  const char* name = ::sigabbrev_np(number);
  return name == nullptr ? std::to_string(number) : std::string("SIG") + name;
}

}  // namespace

ChildProcess::ChildProcess(const std::string& program, const std::string& library, const Fd& first,
                           const Fd& services, const std::vector<int>& descriptors) {
  const auto has = [&](int fd) {
    return std::find(descriptors.begin(), descriptors.end(), fd) != descriptors.end();
  };
  StartActions actions;
  if (!has(STDIN_FILENO)) actions.stdin_is_empty();
  if (!has(STDOUT_FILENO)) actions.stdout_is_stderr();
  std::vector<int> passed{first.get(), services.get()};
  passed.insert(passed.end(), descriptors.begin(), descriptors.end());
  std::vector<std::string> arguments{library};
  for (const int fd : passed) {
    actions.pass(fd);
    arguments.push_back(std::to_string(fd));
  }
  pid_ = actions.start(program, std::move(arguments));
  fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

ChildProcess::~ChildProcess() {
  const std::lock_guard lock(mutex_);
  if (!wait(kPatience)) {
    kill();
    wait(-1);
  }
}

void ChildProcess::kill() noexcept {
  // The descriptor, not the number, which may be another process by now.
  if (fd_) ::syscall(SYS_pidfd_send_signal, fd_.get(), SIGKILL, nullptr, 0);
}

/// Whether it has ended; -1: for as long as it takes. The mutex is held.
bool ChildProcess::wait(int milliseconds) noexcept {
  if (pid_ < 0) return true;
  pollfd ended{fd_.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&ended, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return false;
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(pid_, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == pid_) status_ = status;
  pid_ = -1;
  return true;
}

std::string ChildProcess::how_it_ended() {
  const std::lock_guard lock(mutex_);
  if (!wait(kPatience)) {
    silent_ = true;
    kill();
    wait(-1);
  }
  if (silent_) return "no longer answers in its own process, which was killed";
  if (status_ && WIFSIGNALED(*status_)) {
    const int number = WTERMSIG(*status_);
    const bool killed = number == SIGKILL || number == SIGTERM;
    return fmt::format("{} in its own process ({})", killed ? "was killed" : "crashed",
                       name_of_signal(number));
  }
  const int code = status_ ? WEXITSTATUS(*status_) : 0;
  return fmt::format("ended its own process (exit code {})", code);
}

}  // namespace sealos::isolation
