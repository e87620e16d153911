#include "cli/signals.hpp"

#include <atomic>
#include <csignal>

#include <unistd.h>

#include "cli/exit_code.hpp"

namespace sealos::cli {
namespace {

std::atomic<CancelToken*> token = nullptr;
std::atomic<int> signals = 0;

void on_signal(int) {
  if (signals.fetch_add(1) > 0) ::_exit(kInterrupted);
  if (CancelToken* cancel = token.load()) cancel->cancel();
}

void install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

SignalGuard::SignalGuard(CancelToken& cancel) {
  token = &cancel;
  ::signal(SIGPIPE, SIG_IGN);
  install(&on_signal);
}

SignalGuard::~SignalGuard() {
  install(SIG_DFL);
  token = nullptr;
}

bool SignalGuard::interrupted() const { return signals > 0; }

}  // namespace sealos::cli
