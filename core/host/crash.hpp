// A crash inside a plugin names the plugin.
#pragma once

#include <string>

namespace sealos {

/// While one lives, its thread runs code of that plugin. They nest. The name must outlive it.
class InPlugin {
 public:
  explicit InPlugin(const std::string& plugin) : InPlugin(plugin.c_str()) {}
  InPlugin(const InPlugin&) = delete;
  InPlugin& operator=(const InPlugin&) = delete;
  ~InPlugin();

 protected:
  explicit InPlugin(const char* plugin);

 private:
  const char* before_;
};

/// While one lives, its thread runs code of the engine, though a plugin called it.
class OutsidePlugin : public InPlugin {
 public:
  OutsidePlugin() : InPlugin(nullptr) {}
};

/// To be told before a library is opened, and once more when it is open. Safe for concurrent use.
void note_plugin(const std::string& name, const std::string& library);

/// From now on a crash (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT) of a thread that runs code of a
/// plugin first writes one line to stderr, which names plugin, file and signal; then it takes its
/// course. A thread that a plugin started itself is known by where it crashed. Does nothing in a
/// build with sanitizers, which report crashes themselves.
void name_crashing_plugins();

}  // namespace sealos
