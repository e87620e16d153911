// What commands that look at one place have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/registries.hpp"
#include "cli/signals.hpp"
#include "core/copy/copy.hpp"
#include "core/host/reference.hpp"
#include "core/reference/location.hpp"

namespace sealos::cli {

/// As typed; empty strings and nullopt were not given.
struct PlaceOptions {
  std::string place, authfile, cert_dir, retry, retry_delay, retry_on;
  std::optional<std::string> creds, tls_verify;
  std::vector<std::string> isolate;
  bool json = false;
  int verbose = 0;
};

/// Adds the flags and their help, but not the place itself.
void add_place_flags(CLI::App& command, PlaceOptions& options);

/// A reference that is worked on through its own services.
class OpenPlace {
 public:
  /// needs: SEALOS_CAN_LIST, ...; verb: "list tags". Throws where the transport cannot do that, or
  /// an option means nothing to it; nothing was asked for by then.
  OpenPlace(Context& context, const PlaceOptions& options, const Location& place,
            std::uint32_t needs, const char* verb);

  const Reference& reference() const { return *reference_; }
  const Services& services() const { return *services_; }

 private:
  std::unique_ptr<Services> services_;
  std::unique_ptr<Reference> reference_;
};

/// Runs body, shows its error and returns the exit code. body sets `side`, who is to blame, once
/// the place is open.
int run_at_place(const PlaceOptions& options,
                 const std::function<void(Context& context, Side& side)>& body);

}  // namespace sealos::cli
