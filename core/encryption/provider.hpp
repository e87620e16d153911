// Key providers: programs that wrap and unwrap layer keys (ocicrypt's "keyprovider", command form).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/environment.hpp"

namespace sealos::encryption {

/// One provider, as the file that OCICRYPT_KEYPROVIDER_CONFIG names has it.
class KeyProvider {
 public:
  /// Throws SEALOS_NOT_FOUND where there is no such file or no such provider in it, and
  /// SEALOS_UNSUPPORTED for one that is reached by gRPC.
  static KeyProvider load(const std::string& name, const config::Environment& env);

  /// `argument` is what the user wrote after the name; "": nothing. The provider gets this one and
  /// no other key or passphrase. Throws SEALOS_UNAUTHENTICATED where the program fails.
  std::string wrap(std::string_view options, const std::string& argument) const;
  std::string unwrap(std::string_view annotation, const std::string& argument) const;

  const std::string& name() const { return name_; }

 private:
  KeyProvider(std::string name, std::string program, std::vector<std::string> arguments,
              config::Environment env)
      : name_(std::move(name)),
        program_(std::move(program)),
        arguments_(std::move(arguments)),
        env_(std::move(env)) {}
  std::string ask(const std::string& request, const char* group, const char* member) const;

  std::string name_, program_;
  std::vector<std::string> arguments_;
  config::Environment env_;
};

}  // namespace sealos::encryption
