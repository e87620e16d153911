#include "runner.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace sealos::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kResultFd = 3;
constexpr const char* kWriter = "(writer)";

std::vector<std::string> own_arguments() {
  std::vector<std::string> all;
  const int fd = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  std::string text;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(fd, part, sizeof(part))) > 0;)
    text.append(part, static_cast<size_t>(n));
  ::close(fd);
  for (size_t at = 0; at < text.size(); at += all.back().size() + 1)
    all.emplace_back(text.c_str() + at);
  return all;
}

/// Starts this program again; -1 where that fails. output -1: that of this process.
pid_t start_again(std::vector<std::string> arguments, const std::string& name,
                  const std::string& transport, int result, int output) {
  for (const char* one : {"--child", name.c_str(), "--child-transport", transport.c_str()})
    arguments.emplace_back(one);
  std::vector<char*> argv;
  for (std::string& one : arguments) argv.push_back(one.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (output >= 0) {
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    ::posix_spawn_file_actions_adddup2(&actions, output, 2);
  }
  // Last, since that number may be the one of `output` in this process.
  ::posix_spawn_file_actions_adddup2(&actions, result, kResultFd);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  if (output >= 0) {
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    ::posix_spawnattr_setpgroup(&attributes, 0);
  }
  pid_t child = -1;
  // Not the link itself, which valgrind does not follow as it should.
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  if (::posix_spawn(&child, self.c_str(), &actions, &attributes, argv.data(), ::environ) != 0)
    child = -1;
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return child;
}

/// A folder that is gone with all that is in it at the end of the case, however that ended.
class CaseFolder {
 public:
  explicit CaseFolder(std::string prepare) {
    const char* base = std::getenv("TMPDIR");
    path_ =
        std::string(base != nullptr && *base == '/' ? base : "/tmp") + "/sealos-conformance-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw Failure{"no folder can be made: " + path_};
    ::setenv("SEALOS_CONFORMANCE_FOLDER", path_.c_str(), 1);
    const std::string place = path_ + "/place";
    std::filesystem::create_directory(place);
    for (size_t at = 0; (at = prepare.find("{dir}", at)) != std::string::npos;)
      prepare.replace(at, 5, place);
    if (!prepare.empty() && std::system(prepare.c_str()) != 0)
      throw Failure{"--prepare failed: " + prepare};
  }
  CaseFolder(const CaseFolder&) = delete;
  CaseFolder& operator=(const CaseFolder&) = delete;
  ~CaseFolder() {
    ::unsetenv("SEALOS_CONFORMANCE_FOLDER");
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

 private:
  std::string path_;
};

/// Everything up to the end of the pipe; false: the time is over.
bool read_until(int fd, Clock::time_point end, std::string& text) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd one = {fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&one, 1, static_cast<int>(left.count()) + 1) == 0) return false;
    char part[4096];
    const ssize_t n = ::read(fd, part, sizeof(part));
    if (n <= 0) return true;
    text.append(part, static_cast<size_t>(n));
  }
}

/// "RESULT text", as run_child writes it.
Outcome outcome_of(const std::string& text, int status) {
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return {Result::crashed, fmt::format("ended by SIG{}", name == nullptr ? "?" : name), 0};
  }
  if (text.empty() || text.back() != '\n')
    return {Result::crashed,
            fmt::format("the process ended with {} in the middle", WEXITSTATUS(status)), 0};
  if (WEXITSTATUS(status) != 0)
    return {Result::crashed,
            fmt::format("the process ended with {} after the case", WEXITSTATUS(status)), 0};
  Outcome outcome{static_cast<Result>(text.front() - '0'), text.substr(1), 0};
  outcome.message.pop_back();
  return outcome;
}

std::string content_of(int fd) {
  std::string text(1 << 16, 0);
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  text.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return text;
}

Row run_one(const Options& options, const std::vector<std::string>& arguments, const Case& one,
            const std::string& transport) {
  const auto start = Clock::now();
  const CaseFolder folder(options.prepare);
  int pipe[2] = {-1, -1};
  const int output = ::memfd_create("output", MFD_CLOEXEC);
  if (output < 0 || ::pipe2(pipe, O_CLOEXEC) != 0) throw Failure{"no pipe can be made"};
  const pid_t child = start_again(arguments, one.name, transport, pipe[1], output);
  ::close(pipe[1]);
  std::string text;
  Row row{one.name, transport, {}, ""};
  if (child < 0) throw Failure{"this program cannot be started again"};
  const bool in_time = read_until(pipe[0], start + std::chrono::seconds(options.timeout), text);
  ::close(pipe[0]);
  int status = 0;
  if (in_time) {
    ::waitpid(child, &status, 0);
    ::kill(-child, SIGKILL);
    row.outcome = outcome_of(text, status);
  } else {
    ::kill(-child, SIGKILL);
    ::waitpid(child, &status, 0);
    row.outcome = {Result::timed_out, fmt::format("no end after {} s", options.timeout), 0};
  }
  row.outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  row.output = content_of(output);
  ::close(output);
  return row;
}

Outcome run_here(const Options& options, const Case& one, const std::string& transport) {
  Outcome outcome;
  try {
    Context context(options, transport);
    one.run(context);
  } catch (const Failure& e) {
    return {Result::failed, e.why, 0};
  } catch (const Skipped& e) {
    return {Result::skipped, e.why, 0};
  } catch (const std::exception& e) {
    return {Result::failed, std::string("the case itself failed: ") + e.what(), 0};
  }
  for (const std::string& warning : warnings())
    outcome.message += (outcome.message.empty() ? "" : "; ") + warning;
  if (!outcome.message.empty()) outcome.result = Result::warned;
  return outcome;
}

std::vector<std::string> transports_to_try(const Options& options) {
  std::vector<std::string> names;
  for (const auto* list : {&options.references, &options.sources}) {
    for (const std::string& text : *list) {
      const std::string name = Place::parse(text).transport;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

}  // namespace

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto* group : {&loading_cases(), &reference_cases(), &reading_cases(),
                            &writing_cases(), &safety_cases(), &process_cases()})
    all.insert(all.end(), group->begin(), group->end());
  return all;
}

std::vector<Row> run_cases(const Options& options, const std::vector<std::string>& arguments,
                           void (*done)(const Row&)) {
  std::vector<Row> rows;
  const std::vector<std::string> transports = transports_to_try(options);
  for (const Case& one : all_cases()) {
    const auto& wanted = options.cases;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), one.name) == wanted.end())
      continue;
    const auto run = [&](const std::string& transport) {
      rows.push_back(run_one(options, arguments, one, transport));
      done(rows.back());
    };
    if (one.whole_library) run("");
    if (!one.whole_library) std::for_each(transports.begin(), transports.end(), run);
  }
  return rows;
}

int run_child(const Options& options, const std::string& name, const std::string& transport) {
  ::fcntl(kResultFd, F_SETFD, FD_CLOEXEC);
  ::signal(SIGPIPE, SIG_IGN);  // as every host does
  if (name == kWriter) {
    Context context(options, transport);
    write_until_killed(context, kResultFd);
    return 0;
  }
  for (const Case& one : all_cases()) {
    if (one.name != name) continue;
    const Outcome outcome = run_here(options, one, transport);
    const std::string text =
        fmt::format("{}{}\n", static_cast<int>(outcome.result), printable(outcome.message, 2000));
    return ::write(kResultFd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0
                                                                                             : 1;
  }
  return 1;
}

pid_t start_writer(int& progress) {
  int pipe[2] = {-1, -1};
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw Failure{"no pipe can be made"};
  std::vector<std::string> arguments = own_arguments();
  std::string transport;
  for (size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == "--child-transport") transport = arguments[i + 1];
  }
  const pid_t writer = start_again(std::move(arguments), kWriter, transport, pipe[1], -1);
  ::close(pipe[1]);
  progress = pipe[0];
  if (writer < 0) throw Failure{"the writer cannot be started"};
  return writer;
}

}  // namespace sealos::conformance
