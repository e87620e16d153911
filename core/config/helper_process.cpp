#include "core/config/helper_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/config/secret.hpp"
#include "support/file/file.hpp"

namespace sealos::config {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kMostOutput = 1 << 20;

[[noreturn]] void fail(const std::string& program, const std::string& why) {
  throw Error(Status::unauthenticated,
              fmt::format("running helper {}: {}", printable(program), why));
}

/// A file in memory rather than a pipe: a helper that ends without reading raises no SIGPIPE here.
Fd memory_with(std::string_view text) {
  Fd memory(::memfd_create("helper-input", MFD_CLOEXEC));
  if (!memory) throw errno_error(errno, "making a file in memory");
  write_all(memory.get(), text, "the input of a helper");
  ::lseek(memory.get(), 0, SEEK_SET);
  return memory;
}

struct Pipe {
  Fd read, write;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error(errno, "making a pipe");
    read = Fd(ends[0]);
    write = Fd(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
};

/// Ends and reaps the child, whatever happens.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  int fd() const { return fd_.get(); }
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
  Fd fd_;
};

struct SpawnSettings {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSettings(int in, int out, int errors) {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, 1);
    ::posix_spawn_file_actions_adddup2(&actions, errors, 2);
    ::posix_spawnattr_init(&attributes);
    sigset_t none, usual;
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&usual, number);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &usual);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
};

pid_t spawn(const std::string& program, const std::vector<std::string>& arguments,
            const Environment& env, const SpawnSettings& settings) {
  std::vector<std::string> texts;
  texts.reserve(env.variables.size());
  for (const auto& [name, value] : env.variables) texts.push_back(name + "=" + value);
  std::vector<char*> variables;
  for (std::string& text : texts) variables.push_back(text.data());
  variables.push_back(nullptr);
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &settings.actions, &settings.attributes,
                                  pointers.data(), variables.data());
  if (error != 0) fail(program, std::strerror(error));
  return pid;
}

/// Takes what is there; false at the end.
bool drain(int fd, std::string& into, const std::string& program) {
  char buffer[4096];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    into.append(buffer, static_cast<size_t>(n));
    ::explicit_bzero(buffer, sizeof(buffer));
    if (into.size() > kMostOutput) fail(program, "it writes more than 1 MiB");
  }
}

/// Until the program has ended. What grandchildren that keep its output open write later is not
/// waited for.
void collect(const Child& child, Pipe& out, Pipe& errors, HelperResult& result,
             const std::string& program, std::chrono::milliseconds timeout) {
  const Clock::time_point end = Clock::now() + timeout;
  std::array<pollfd, 3> waits{
      {{child.fd(), POLLIN, 0}, {out.read.get(), POLLIN, 0}, {errors.read.get(), POLLIN, 0}}};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0)
      fail(program, fmt::format("it did not end within {} ms and was killed", timeout.count()));
    const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(left));
    if (ready < 0 && errno != EINTR) throw errno_error(errno, "waiting for a credential helper");
    if (ready <= 0) continue;
    const bool ended = waits[0].revents != 0;
    if (waits[1].fd >= 0 && !drain(out.read.get(), result.output, program)) waits[1].fd = -1;
    if (waits[2].fd >= 0 && !drain(errors.read.get(), result.errors, program)) waits[2].fd = -1;
    if (ended) return;
  }
}

}  // namespace

HelperResult run_helper(const std::string& program, const std::vector<std::string>& arguments,
                        std::string_view input, const Environment& env,
                        std::chrono::milliseconds timeout) {
  const Fd in = memory_with(input);
  Pipe out, errors;
  const SpawnSettings settings(in.get(), out.write.get(), errors.write.get());
  Child child(spawn(program, arguments, env, settings));
  if (child.fd() < 0) fail(program, "the kernel has no pidfd_open (Linux 5.3)");
  out.write = Fd();
  errors.write = Fd();
  HelperResult result;
  try {
    collect(child, out, errors, result, program, timeout);
  } catch (...) {
    wipe(result.output);
    throw;
  }
  result.exit_code = child.wait();
  return result;
}

}  // namespace sealos::config
