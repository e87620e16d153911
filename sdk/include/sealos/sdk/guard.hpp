// Where C++ exceptions end and C statuses begin, and back. std only.
#pragma once

#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "sealos/abi.h"
#include "sealos/sdk/error.hpp"

namespace sealos::sdk {

/// Fills *error, where the caller wants it, and returns the status.
inline sealos_status report(sealos_error* error, const Error& e) noexcept {
  const sealos_status status =
      e.status() == Status::ok ? SEALOS_INTERNAL : static_cast<sealos_status>(e.status());
  if (error == nullptr) return status;
  error->flags = e.retryable() ? std::uint32_t{SEALOS_ERROR_RETRYABLE} : 0u;
  error->retry_after_ms = e.retry_after_ms();
  char* copy = new (std::nothrow) char[e.message().size() + 1];
  if (copy != nullptr) {
    std::memcpy(copy, e.message().c_str(), e.message().size() + 1);
    for (char* c = copy; *c != 0; ++c) {
      if (*c == '\n' || *c == '\r') *c = ' ';
    }
  }
  error->message = copy;
  error->impl = copy;
  error->release = [](sealos_error* self) {
    delete[] static_cast<char*>(self->impl);
    self->message = nullptr;
    self->impl = nullptr;
    self->release = nullptr;
  };
  return status;
}

/// Runs body; an exception becomes a status. The only catch (...) of the SDK.
template <typename Body>
sealos_status guard(sealos_error* error, Body&& body) noexcept {
  try {
    body();
    return SEALOS_OK;
  } catch (const Error& e) {
    return report(error, e);
  } catch (const std::bad_alloc&) {
    return report(error, Error(Status::internal, "out of memory"));
  } catch (const std::exception& e) {
    return report(error, Error(Status::internal, e.what()));
  } catch (...) {
    return report(error, Error(Status::internal, "unknown exception"));
  }
}

/// Receives the error of one C call: pass out(), then give the status to check().
class ErrorSlot {
 public:
  ErrorSlot() { error_.struct_size = sizeof(error_); }
  ErrorSlot(const ErrorSlot&) = delete;
  ErrorSlot& operator=(const ErrorSlot&) = delete;
  ~ErrorSlot() {
    if (error_.release != nullptr) error_.release(&error_);
  }

  sealos_error* out() { return &error_; }

  /// The exception that a status other than SEALOS_OK stands for.
  Error to_error(sealos_status status, std::string_view fallback) const {
    if (status < SEALOS_OK || status > SEALOS_INTERNAL) status = SEALOS_INTERNAL;
    std::string message(error_.message != nullptr ? printable(error_.message, 2000)
                                                  : std::string(fallback));
    Error e(static_cast<Status>(status), std::move(message));
    if ((error_.flags & SEALOS_ERROR_RETRYABLE) != 0) e.set_retryable(error_.retry_after_ms);
    return e;
  }

  /// Throws unless SEALOS_OK.
  void check(sealos_status status, std::string_view fallback = "failed without saying why") const {
    if (status != SEALOS_OK) throw to_error(status, fallback);
  }

 private:
  sealos_error error_{};
};

}  // namespace sealos::sdk
