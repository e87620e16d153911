// Calls over the ABI. Whatever a case tries, each call of it has to keep the rules: no exception
// comes out, statuses are known, errors are filled when and only when something failed, and what
// was passed is not used after the call.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>

#include "sealos/abi.h"
#include "sealos/sdk/types.hpp"
#include "trial.hpp"

namespace sealos::conformance {

/// What a call came back with.
struct Answer {
  std::string function;
  sealos_status status = SEALOS_OK;
  std::string message;
  bool retryable = false;

  bool ok() const { return status == SEALOS_OK; }
  std::string text() const;
  /// Throws Failure unless SEALOS_OK.
  const Answer& must() const;
};

const char* status_name(std::int64_t status);

/// Text lent for one call: afterwards the memory holds rubbish, and is freed.
class Lent {
 public:
  explicit Lent(const std::string& text);
  explicit Lent(const std::optional<std::string>& text);
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent();
  const char* get() const { return text_; }

 private:
  char* text_ = nullptr;
  size_t size_ = 0;
};

/// The room for an error, with guards around it.
class ErrorRoom {
 public:
  ErrorRoom();
  ErrorRoom(const ErrorRoom&) = delete;
  ErrorRoom& operator=(const ErrorRoom&) = delete;
  ~ErrorRoom();
  sealos_error* get() { return &room_.error; }
  /// Throws Failure where the rules are broken. Releases the error.
  Answer answer(const char* function, std::int64_t status);

 private:
  struct Room {
    unsigned char before[32];
    sealos_error error;
    unsigned char after[64];
  } room_;
};

[[noreturn]] void exception_out_of(const char* function, const char* what);

/// Runs a function of the plugin that cannot fail.
template <typename Function>
auto contained(const char* function, Function&& run) -> decltype(run()) {
  try {
    return run();
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& e) {
    exception_out_of(function, e.what());
  } catch (...) {
    exception_out_of(function, "of an unknown kind");
  }
}

/// Runs a function that returns a status and may fill an error.
template <typename Function>
Answer call(const char* function, Function&& run) {
  ErrorRoom room;
  const sealos_status status = contained(function, [&] { return run(room.get()); });
  return room.answer(function, status);
}

}  // namespace sealos::conformance
