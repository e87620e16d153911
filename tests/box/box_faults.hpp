// What a box does wrong on purpose, and how its failures are told.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "box_files.hpp"
#include "sealos/abi.h"

namespace box {

/// Whether this is what is to be wrong.
inline bool is(const char* fault) {
  const char* wanted = std::getenv("BOX_FAULT");
  return wanted != nullptr && std::strcmp(wanted, fault) == 0;
}

inline sealos_status report(sealos_error* error, int status, const std::string& message) {
  if (error == nullptr) {
    if (is("writes_unwanted_error")) *static_cast<volatile int*>(nullptr) = 1;
    return status;
  }
  error->message = ::strdup(message.c_str());
  error->impl = const_cast<char*>(error->message);
  error->release = [](sealos_error* self) {
    std::free(self->impl);
    self->message = nullptr;
    self->release = nullptr;
  };
  if (is("error_of_two_lines")) error->message = "two\nlines";
  if (is("writes_beside_the_error")) reinterpret_cast<char*>(error + 1)[3] = 0;
  return is("status_is_none") ? 4711 : status;
}

template <typename Body>
sealos_status guarded(sealos_error* error, Body&& body) {
  try {
    const sealos_status status = body();
    if (is("error_on_success") && error != nullptr) report(error, 0, "all is well");
    return status;
  } catch (const Problem& e) {
    return report(error, e.status, e.message);
  } catch (const std::exception& e) {
    return report(error, SEALOS_INTERNAL, e.what());
  }
}

inline const void* extension(const char* id) {
  static const sealos_item kAny = {"any", nullptr, 0};
  return is("has_every_extension") || std::strcmp(id, "box.test/1") == 0 ? &kAny : nullptr;
}

#ifdef SEALOS_TEST_NEWER
inline sealos_status later(void*, std::int64_t how) { return static_cast<sealos_status>(how + 1); }
/// What a newer plugin does with what only newer hosts have.
inline void greet(const sealos_host* host) {
  const bool knows = SEALOS_HAS(host, sealos_host, later);
  host->log(host, SEALOS_LOG_INFO,
            knows && host->later(nullptr, 1) == 2 ? "the host is newer, too" : "the host is older");
}
#define SET_LATER(object) ((object).later = later, (object).more = 0x1234567890abcdef)
#else
inline void greet(const sealos_host*) {}
#define SET_LATER(object) (void)0
#endif

}  // namespace box
