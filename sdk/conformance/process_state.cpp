#include "process_state.hpp"

#include <fmt/format.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "trial.hpp"

namespace sealos::conformance {
namespace {

size_t entries(const char* folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

std::string signal_actions() {
  std::string all;
  for (int number = 1; number < 32; ++number) {
    struct sigaction action = {};
    ::sigaction(number, nullptr, &action);
    all += fmt::format("{}:{} ", number, reinterpret_cast<std::uintptr_t>(action.sa_handler));
  }
  return all;
}

/// But for SIGPIPE: every host ignores it, so a library that blocks it as it is opened (Poco does)
/// changes nothing that anybody could see.
std::string blocked_signals() {
  sigset_t set;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &set);
  std::string all;
  for (int number = 1; number < 32; ++number) {
    if (number != SIGPIPE && ::sigismember(&set, number) == 1) all += fmt::format("{} ", number);
  }
  return all;
}

std::string environment() {
  std::string all;
  for (char** at = ::environ; *at != nullptr; ++at) all += std::string(*at) + "\n";
  return all;
}

std::string standard_streams() {
  std::string all;
  for (int fd = 0; fd < 3; ++fd) {
    struct stat st = {};
    if (::fstat(fd, &st) != 0) continue;
    all += fmt::format("{}:{}:{}:{} ", fd, st.st_dev, st.st_ino,
                       S_ISREG(st.st_mode) ? ::lseek(fd, 0, SEEK_CUR) : 0);
  }
  return all;
}

}  // namespace

size_t open_descriptors() { return entries("/proc/self/fd"); }
size_t threads() { return entries("/proc/self/task"); }

ProcessState ProcessState::now() {
  ProcessState state;
  const mode_t mask = ::umask(022);
  ::umask(mask);
  rlimit files = {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  state.facts_ = {{"the current folder", std::filesystem::current_path().string()},
                  {"the umask", fmt::format("{:o}", mask)},
                  {"the locale", ::setlocale(LC_ALL, nullptr)},
                  {"the actions of signals", signal_actions()},
                  {"the blocked signals", blocked_signals()},
                  {"the environment", environment()},
                  {"stdin, stdout or stderr", standard_streams()},
                  {"the limit of open files", fmt::format("{}", files.rlim_cur)}};
  return state;
}

void ProcessState::require_same(const ProcessState& later, const std::string& after) const {
  for (size_t i = 0; i < facts_.size(); ++i) {
    require(facts_[i].second == later.facts_[i].second,
            fmt::format("{} changed {}", after, facts_[i].first));
  }
}

}  // namespace sealos::conformance
