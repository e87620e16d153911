// The process of an isolated plugin. The engine starts it with the plugin's library, the numbers of
// two sockets, and those of other descriptors that it may keep; and it ends when the first socket
// does. It links as little as it can: the engine's libraries are not here.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "core/isolation/program/call.hpp"

namespace {

using namespace sealos::isolation;

/// All but stderr and these.
void close_others(std::vector<int> kept) {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) kept.push_back(fd);
  std::sort(kept.begin(), kept.end());
  unsigned begin = 0;
  for (const int fd : kept) {
    const auto end = static_cast<unsigned>(fd);
    if (begin < end) ::close_range(begin, end - 1, 0);
    begin = end + 1;
  }
  ::close_range(begin, ~0U, 0);
  for (const int fd : kept) {
    if (fd > STDERR_FILENO) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
}

/// What a terminal sends to all its processes is the engine's affair, which tells this one what to
/// do. A handler, not SIG_IGN, which programs that the plugin starts would inherit.
void leave_signals_to_the_engine() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // as docs/abi.md promises
}

void give_up_rights() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/// Runs the calls of one connection until that ends.
void serve(Program& program, sealos::Fd socket) {
  Line line(std::move(socket));
  Line::set_for_this_thread(line);
  try {
    while (true) run(program, line, line.receive());
  } catch (const ConnectionEnded&) {
    // The engine needs it no longer.
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("sealos starts this program, for --isolate; see docs/isolation.md\n", stderr);
    return 2;
  }
  std::vector<int> descriptors;
  for (int i = 2; i < argc; ++i) descriptors.push_back(std::atoi(argv[i]));
  close_others(descriptors);
  leave_signals_to_the_engine();
  give_up_rights();
  // Neither is ever destroyed: other threads use them to the end.
  auto& program = *new Program;
  program.library = argv[1];
  Line::set_for_other_threads(*new Line(sealos::Fd(descriptors[1])));
  Connection first(sealos::Fd{descriptors[0]});
  try {
    while (true) {
      Message message = first.receive();
      std::thread([&program, socket = std::move(message.fd)]() mutable {
        serve(program, std::move(socket));
      }).detach();
    }
  } catch (const ConnectionEnded&) {
    ::_exit(0);
  }
}
