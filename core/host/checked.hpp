// Calls into plugins: a plugin that breaks the contract becomes an Error that names it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>

#include "core/host/crash.hpp"
#include "sealos/abi.h"
#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/error.hpp"
#include "sealos/sdk/guard.hpp"

namespace sealos {

/// An exception that came out of a C function, or nonsense that it returned.
Error broken_contract(const std::string& plugin, const std::string& what);

/// What a status other than SEALOS_OK, which came with `error`, means; one that is none is a broken
/// contract.
Error failure(const std::string& plugin, const char* function, std::int64_t status,
              const sdk::ErrorSlot& error);

/// The form in which the ABI passes a digest that may be absent; points into `digest`.
inline const char* c_str(const std::optional<Digest>& digest) {
  return digest ? digest->str().c_str() : nullptr;
}

/// Runs one call of a plugin; exceptions that leave it become SEALOS_INTERNAL naming the plugin.
template <typename Call>
auto contained(const std::string& plugin, const char* function, Call&& call) -> decltype(call()) {
  const InPlugin here(plugin);
  try {
    return call();
  } catch (const std::exception& e) {
    throw broken_contract(plugin,
                          std::string("let an exception out of ") + function + ": " + e.what());
  } catch (...) {
    throw broken_contract(plugin, std::string("let an exception out of ") + function);
  }
}

/// Runs a call that returns a sealos_status and may fill an error; throws unless SEALOS_OK.
template <typename Call>
void checked(const std::string& plugin, const char* function, Call&& call) {
  sdk::ErrorSlot error;
  const sealos_status status = contained(plugin, function, [&] { return call(error.out()); });
  if (status != SEALOS_OK) throw failure(plugin, function, status, error);
}

/// Throws unless a struct from a plugin is there and as long as the members of ABI 1.0.
void check_size(const std::string& plugin, const char* what, const void* object, size_t size,
                size_t least);
/// Throws unless a member that is not optional is set.
void check_member(const std::string& plugin, const char* what, const void* member);

}  // namespace sealos
