// The engine's hosts, as the plugin has them in its process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/isolation/connection.hpp"
#include "sealos/abi.h"
#include "sealos/ext/draft/signature_places.h"
#include "sealos/ext/registries.h"

namespace sealos::isolation {

/// A host whose services are asked for over the line of the thread that calls. Options, which do
/// not change, are asked for once. Safe for concurrent use.
class RemoteHost : public sealos_host {
 public:
  /// From what the engine said of it.
  RemoteHost(Reader& reader, Fd cancel);
  RemoteHost(const RemoteHost&) = delete;
  RemoteHost& operator=(const RemoteHost&) = delete;

  std::uint64_t id() const { return id_; }

 private:
  static const RemoteHost& of(const sealos_host* self) {
    return *static_cast<const RemoteHost*>(self->impl);
  }
  Message ask(Kind kind, Writer question) const;
  std::int32_t is_cancelled() const noexcept;
  const char* find_option(const char* key) const noexcept;
  const void* find_extension(const char* id) const noexcept;
  std::uint64_t members_of(const char* id) const;
  sealos_status ask_for_items(Kind kind, const char* name, sealos_emit emit, void* to,
                              sealos_error* error) const noexcept;
  static sealos_status ask_for_places(const sealos_host* self, Kind kind, const char* name,
                                      sealos_emit_place emit, void* to, sealos_error* error);

  std::uint64_t id_;
  std::string name_, version_, temp_dir_;
  Fd cancel_;
  mutable std::mutex mutex_;  // guards the rest
  mutable std::map<std::string, std::optional<std::string>> options_;
  mutable std::map<std::string, std::uint64_t> members_;
  mutable sealos_registries registries_{};
  mutable sealos_signature_places signature_places_{};
};

/// By their numbers.
class RemoteHosts {
 public:
  void add(std::unique_ptr<RemoteHost> host);
  void remove(std::uint64_t id);
  const sealos_host* find(std::uint64_t id);

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, std::unique_ptr<RemoteHost>> hosts_;
};

}  // namespace sealos::isolation
