#include "core/host/crash.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

using namespace sealos;

namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

struct End {
  int signal = 0;
  std::string said;
};

/// Runs something in a child that it ends, with crashes named.
template <typename Body>
End end_of(Body&& body) {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], 2);
    // doctest has handlers of its own
    for (const int number : {SIGSEGV, SIGABRT, SIGFPE, SIGILL}) ::signal(number, SIG_DFL);
    note_plugin("thing", "/lib/thing.so");
    name_crashing_plugins();
    body();
    ::_exit(0);
  }
  ::close(pipe[1]);
  End end;
  char part[512];
  for (ssize_t n = 0; (n = ::read(pipe[0], part, sizeof(part))) > 0;)
    end.said.append(part, static_cast<size_t>(n));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return end;
}

const std::string kThing = "thing", kOther = "other";

int overflow(volatile int* depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(*depth);
  *depth = *depth + 1;
  return *depth < 0 ? room[0] : overflow(depth) + room[0];
}

#endif

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

TEST_CASE("a crash in a plugin names it, and takes its course") {
  for (const auto& [number, name] :
       {std::pair{SIGSEGV, "SIGSEGV"}, std::pair{SIGABRT, "SIGABRT"}}) {
    const End end = end_of([number = number] {
      const InPlugin here(kThing);
      ::raise(number);
    });
    CHECK(end.signal == number);
    CHECK(end.said ==
          std::string("sealos: the plugin thing (/lib/thing.so) crashed (") + name + ")\n");
  }
}

TEST_CASE("the innermost plugin is named, on whichever thread, and nobody outside") {
  CHECK(end_of([] {
          const InPlugin outer(kOther);
          const InPlugin inner(kThing);
          ::raise(SIGSEGV);
        }).said.find("thing") != std::string::npos);
  CHECK(end_of([] {
          std::thread([] {
            const InPlugin here(kThing);
            ::raise(SIGSEGV);
          }).join();
        }).said.find("thing") != std::string::npos);
  CHECK(end_of([] {
          { const InPlugin here(kThing); }
          ::raise(SIGSEGV);
        }).said.empty());
  CHECK(end_of([] {
          const InPlugin here(kThing);
          const OutsidePlugin engine;
          ::raise(SIGSEGV);
        }).said.empty());
}

TEST_CASE("a plugin that uses up the stack is named") {
  const End end = end_of([] {
    const InPlugin here(kThing);
    volatile int depth = 0;
    overflow(&depth);
  });
  CHECK(end.signal == SIGSEGV);
  CHECK(end.said.find("thing") != std::string::npos);
}

#endif
