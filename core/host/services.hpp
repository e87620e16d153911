// What the engine offers plugins: the sealos_host of each side of a copy.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sealos/abi.h"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/registries.hpp"
#include "sealos/sdk/signature_places.hpp"

namespace sealos {

/// Set once, from any thread or a signal handler; seen by everybody.
class CancelToken {
 public:
  CancelToken();
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;
  ~CancelToken();

  /// Async-signal-safe.
  void cancel() noexcept;
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  /// Polls readable once cancelled.
  int fd() const noexcept { return fd_; }
  void throw_if_cancelled() const;

 private:
  std::atomic<bool> cancelled_ = false;
  int fd_;
};

/// What the engine's user provides. The functions are called from any thread, concurrently.
struct Hooks {
  std::function<void(int level, const std::string& text)> log;  ///< SEALOS_LOG_...
  std::function<void(const std::string& what, std::int64_t done, std::int64_t total)> progress;
  std::function<std::optional<sdk::Credentials>(const std::string& scope)> credentials;
  /// What registries.conf says; see SEALOS_REGISTRIES. Empty: every image is at its own registry.
  std::function<std::vector<sdk::RegistryPlace>(const std::string& name)> places_to_read;
  std::function<sdk::RegistryPlace(const std::string& name)> place_to_write;
  /// What registries.d says; see SEALOS_SIGNATURE_PLACES. Empty: signatures have no place.
  std::function<sdk::SignaturePlaces(const std::string& name)> signature_places;
  std::string temp_dir = "/tmp";
};

/// One side's services. Must outlive what plugins open with it.
class Services {
 public:
  Services(const Hooks& hooks, CancelToken& cancel, std::map<std::string, std::string> options);
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  const sealos_host* c() const { return &c_; }
  const std::map<std::string, std::string>& options() const { return options_; }
  /// Whether a plugin has asked for an option that is set. Safe for concurrent use.
  bool was_asked_for(const std::string& key) const;
  /// Whether a message names an option that is set, and that a plugin has asked for.
  bool is_about_option(std::string_view message) const;

 private:
  static const Services& of(const sealos_host* self) {
    return *static_cast<const Services*>(self->impl);
  }
  static const void* find_extension(const sealos_host* self, const char* id);
  static sealos_status places_to_read(const sealos_host* self, const char* name,
                                      sealos_emit_place emit, void* to, sealos_error* error);
  static sealos_status place_to_write(const sealos_host* self, const char* name,
                                      sealos_emit_place emit, void* to, sealos_error* error);
  static sealos_status find_signature_places(const sealos_host* self, const char* name,
                                             sealos_emit emit, void* to, sealos_error* error);
  static sealos_status find_credentials(const sealos_host* self, const char* scope,
                                        sealos_emit emit, void* to, sealos_error* error);

  const Hooks& hooks_;
  CancelToken& cancel_;
  std::map<std::string, std::string> options_;
  mutable std::mutex mutex_;  // guards asked_
  mutable std::set<std::string> asked_;
  sealos_host c_{};
};

}  // namespace sealos
