#include "cli/exit_code.hpp"

#include "core/host/option_error.hpp"

namespace sealos::cli {

ExitCode exit_code_for(const Error& error, Side side) {
  if (side == Side::policy) return kPolicy;
  if (dynamic_cast<const OptionError*>(&error) != nullptr) return kUsage;
  switch (error.status()) {
    case Status::cancelled:
      return kInterrupted;
    case Status::unauthenticated:
    case Status::denied:
      return kAuthentication;
    case Status::unavailable:
      return kNetwork;
    case Status::internal:
      return kInternal;
    case Status::io:
      return kLocalIo;
    case Status::corrupt:
      return side == Side::destination ? kDestination : kBadSource;
    case Status::not_found:
      if (side == Side::destination) return kDestination;
      return side == Side::source ? kSourceNotFound : kUsage;
    case Status::invalid:
    case Status::unsupported:
      if (side == Side::source) return kBadSource;
      return side == Side::destination ? kDestination : kUsage;
    case Status::exists:
    case Status::manifest_rejected:
      return kDestination;
    case Status::ok:
      break;
  }
  return kInternal;
}

}  // namespace sealos::cli
