#include "core/host/crash.hpp"

#include <link.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>

namespace sealos {
namespace {

thread_local const char* running_plugin = nullptr;

/// Never freed and never moved, so that a signal handler may read it.
struct KnownPlugin {
  std::array<char, 64> name = {};
  std::array<char, 1024> library = {};
  std::atomic<std::uintptr_t> begin = 0, end = 0;  // of its code; 0: not open yet
};
constexpr size_t kMostPlugins = 64;
std::array<KnownPlugin, kMostPlugins> known_plugins;
std::atomic<size_t> known_count = 0;
std::mutex note_mutex;

void copy_text(const std::string& text, char* to, size_t room) {
  const size_t n = std::min(text.size(), room - 1);
  std::memcpy(to, text.data(), n);
  to[n] = 0;
}

/// Finds where a library's code is.
int find_code(dl_phdr_info* info, size_t, void* to) {
  auto& plugin = *static_cast<KnownPlugin*>(to);
  if (std::strcmp(info->dlpi_name, plugin.library.data()) != 0) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    plugin.end = info->dlpi_addr + part.p_vaddr + part.p_memsz;
    plugin.begin = info->dlpi_addr + part.p_vaddr;
  }
  return 1;
}

// ---- what follows runs in a signal handler ----

std::uintptr_t address_of(const void* context) {
  [[maybe_unused]] const auto* machine = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(machine->uc_mcontext.pc);
#else
  return 0;
#endif
}

const KnownPlugin* crashed_plugin(const void* context) {
  const std::uintptr_t at = address_of(context);
  for (size_t i = known_count; i-- > 0;) {
    const KnownPlugin& plugin = known_plugins[i];
    const bool runs =
        running_plugin != nullptr && std::strcmp(running_plugin, plugin.name.data()) == 0;
    const bool there = running_plugin == nullptr && plugin.begin <= at && at < plugin.end;
    if (runs || there) return &plugin;
  }
  return nullptr;
}

const char* name_of_signal(int number) {
  switch (number) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    default:
      return "SIGABRT";
  }
}

[[maybe_unused]] void on_crash(int number, siginfo_t*, void* context) {
  if (const KnownPlugin* plugin = crashed_plugin(context); plugin != nullptr) {
    char line[1400] = "";
    size_t size = 0;
    for (const char* part :
         {"sealos: the plugin ", plugin->name.data(), " (", plugin->library.data(), ") crashed (",
          name_of_signal(number), ")\n"}) {
      const size_t n = std::strlen(part);
      std::memcpy(line + size, part, n);
      size += n;
    }
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line, size);
  }
  ::raise(number);  // its action is the default one again
}

// ---- up to here ----

/// A thread whose stack is used up needs another one for the handler.
class HandlerStack {
 public:
  HandlerStack() : memory_(std::make_unique<char[]>(kSize)) {
    stack_t stack = {};
    stack.ss_sp = memory_.get();
    stack.ss_size = kSize;
    ::sigaltstack(&stack, nullptr);
  }
  HandlerStack(const HandlerStack&) = delete;
  HandlerStack& operator=(const HandlerStack&) = delete;
  ~HandlerStack() {
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }

 private:
  static constexpr size_t kSize = 1 << 16;
  std::unique_ptr<char[]> memory_;
};

std::atomic<bool> installed = false;

}  // namespace

InPlugin::InPlugin(const char* plugin) : before_(running_plugin) {
  if (plugin != nullptr && installed.load(std::memory_order_relaxed))
    thread_local const HandlerStack stack;
  running_plugin = plugin;
}

InPlugin::~InPlugin() { running_plugin = before_; }

void note_plugin(const std::string& name, const std::string& library) {
  const std::lock_guard lock(note_mutex);
  const size_t count = known_count;
  size_t i = 0;
  while (i < count && library != known_plugins[i].library.data()) ++i;
  if (i == kMostPlugins) return;
  KnownPlugin& plugin = known_plugins[i];
  if (i == count) {
    copy_text(name, plugin.name.data(), plugin.name.size());
    copy_text(library, plugin.library.data(), plugin.library.size());
    known_count = count + 1;
  }
  ::dl_iterate_phdr(&find_code, &plugin);
}

void name_crashing_plugins() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  installed = true;
  struct sigaction action = {};
  action.sa_sigaction = &on_crash;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESETHAND);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    ::sigaction(number, &action, nullptr);
#endif
}

}  // namespace sealos
