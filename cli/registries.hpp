// registries.conf for plugins, for short names, and for logins.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/config/registries.hpp"
#include "core/config/registries_d.hpp"
#include "core/host/services.hpp"
#include "core/reference/location.hpp"

namespace sealos::cli {

/// registries.conf, read when it is first needed: most copies never ask. Safe for concurrent use.
class LazyRegistries {
 public:
  explicit LazyRegistries(config::Environment environment) : environment_(std::move(environment)) {}

  /// Throws where a file is wrong, each time.
  const config::Registries& get() const;
  /// registries.d, in the same way.
  const config::RegistriesD& signatures() const;
  const config::Environment& environment() const { return environment_; }

 private:
  const config::Environment environment_;
  mutable std::mutex mutex_;
  mutable std::optional<config::Registries> loaded_;
  mutable std::optional<config::RegistriesD> signatures_;
};

/// Lets `hooks` answer plugins that ask where images are.
void use_registries(Hooks& hooks, const std::shared_ptr<const LazyRegistries>& registries);

/// A name without a transport, for the case that no such image is on this machine: where the
/// registries may have it. Keep it until the copy is over.
class ShortName {
 public:
  ShortName(std::string text, std::shared_ptr<const LazyRegistries> registries)
      : text_(std::move(text)), registries_(std::move(registries)) {}

  /// The places to try, in order. Where the name may mean several registries, and there is a
  /// terminal, the user is asked for one. Throws SEALOS_NOT_FOUND where it means none.
  std::vector<Location> places();
  /// The image was found at one of the places: what the user chose is remembered.
  void worked(const Location& place) const;

 private:
  const std::string text_;
  const std::shared_ptr<const LazyRegistries> registries_;
  std::optional<DockerName> chosen_;
};

}  // namespace sealos::cli
