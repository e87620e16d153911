// What the host offers a plugin, in C++. std only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sealos/abi.h"
#include "sealos/sdk/error.hpp"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::sdk {

/// What is known for one registry or daemon. Empty members are unknown.
struct Credentials {
  std::string username, password;
  std::string identity_token;  ///< an OAuth2 refresh token
  std::string registry_token;  ///< a bearer token, used as it is

  void take(Item item) {
    if (item.label == "username") username = std::move(item.data);
    if (item.label == "password") password = std::move(item.data);
    if (item.label == "identitytoken") identity_token = std::move(item.data);
    if (item.label == "registrytoken") registry_token = std::move(item.data);
  }
};

/// The services of one side of a copy. A small value, copied freely; all members may be called
/// from any thread. Valid as long as what was opened with it.
class Host {
 public:
  explicit Host(const sealos_host* c) : c_(c) {}

  void debug(const std::string& text) const { c_->log(c_, SEALOS_LOG_DEBUG, text.c_str()); }
  void info(const std::string& text) const { c_->log(c_, SEALOS_LOG_INFO, text.c_str()); }
  void warn(const std::string& text) const { c_->log(c_, SEALOS_LOG_WARNING, text.c_str()); }

  bool cancelled() const { return c_->cancelled(c_) != 0; }
  /// Polls readable once the copy is cancelled; -1: there is none.
  int cancel_fd() const { return c_->cancel_fd(c_); }
  void throw_if_cancelled() const {
    if (cancelled()) throw Error(Status::cancelled, "cancelled");
  }

  /// nullopt: not set by the user.
  std::optional<std::string> option(const char* key) const {
    const char* value = c_->option(c_, key);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }
  /// As option, for "true" and "false"; throws SEALOS_INVALID for other values.
  std::optional<bool> flag(const char* key) const {
    const auto value = option(key);
    if (!value) return std::nullopt;
    if (*value == "true") return true;
    if (*value == "false") return false;
    throw Error(Status::invalid,
                std::string(key) + " must be true or false, not \"" + printable(*value) + "\"");
  }

  void progress(const char* what, std::int64_t done, std::int64_t total) const {
    c_->progress(c_, what, done, total);
  }
  std::string temp_dir() const { return c_->temp_dir(c_); }
  std::string name() const { return c_->name; }
  std::string version() const { return c_->version; }

  /// scope: "host[:port][/path]". nullopt: none known. Throws where they are known but unusable.
  std::optional<Credentials> credentials(const std::string& scope) const {
    Credentials found;
    ErrorSlot error;
    const sealos_status status = c_->credentials(
        c_, scope.c_str(),
        [](void* to, const sealos_item* item) -> sealos_status {
          return guard(nullptr, [&] { static_cast<Credentials*>(to)->take(from_c(*item)); });
        },
        &found, error.out());
    if (status == SEALOS_NOT_FOUND) return std::nullopt;
    error.check(status, "no credentials could be read");
    return found;
  }

  const void* get_extension(const char* id) const { return c_->get_extension(c_, id); }
  const sealos_host* c() const { return c_; }

 private:
  const sealos_host* c_;
};

}  // namespace sealos::sdk
