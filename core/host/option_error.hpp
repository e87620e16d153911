// Failures of plugins that are about the value of an option.
#pragma once

#include "core/host/services.hpp"
#include "sealos/sdk/error.hpp"

namespace sealos {

/// The place is not to blame, but what was asked for.
class OptionError : public Error {
 public:
  explicit OptionError(const Error& e) : Error(e) {}
};

/// Runs what opens a place, or works at one, with these services. SEALOS_INVALID and
/// SEALOS_UNSUPPORTED with a message that names an option is an OptionError.
template <typename Body>
void judging_options(const Services& services, Body&& body) {
  try {
    body();
  } catch (const Error& e) {
    const bool refusal = e.status() == Status::invalid || e.status() == Status::unsupported;
    if (refusal && services.is_about_option(e.message())) throw OptionError(e);
    throw;
  }
}

}  // namespace sealos
