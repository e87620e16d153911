#include "core/host/checked.hpp"

#include <fmt/format.h>

namespace sealos {

Error broken_contract(const std::string& plugin, const std::string& what) {
  return Error(Status::internal,
               fmt::format("plugin {} is broken: it {}", plugin, printable(what)));
}

Error failure(const std::string& plugin, const char* function, std::int64_t status,
              const sdk::ErrorSlot& error) {
  if (status < SEALOS_OK || status > SEALOS_INTERNAL) {
    return broken_contract(plugin, fmt::format("returned status {} from {}", status, function));
  }
  return error.to_error(static_cast<sealos_status>(status),
                        fmt::format("plugin {}: {} failed and did not say why", plugin, function));
}

void check_size(const std::string& plugin, const char* what, const void* object, size_t size,
                size_t least) {
  if (object == nullptr) throw broken_contract(plugin, fmt::format("returned no {}", what));
  if (size < least) {
    throw broken_contract(
        plugin, fmt::format("returned a {} of {} bytes, {} are needed", what, size, least));
  }
}

void check_member(const std::string& plugin, const char* what, const void* member) {
  if (member == nullptr) throw broken_contract(plugin, fmt::format("left {} empty", what));
}

}  // namespace sealos
