// "transport:details", as users type places.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sealos {

/// A place: the name of a transport, and what only that transport understands.
struct Location {
  std::string transport;
  std::string details;
  std::string str() const { return transport + ":" + details; }
};

/// The transports that the project ships, each in a package "sealos-transport-<name>". A place that
/// begins with one of these names means that transport even where its plugin is not installed.
bool is_shipped_transport(std::string_view name);

/// Splits "transport:details" at the first colon where the part before it is a shipped transport
/// or `is_known`, and where the text can only be meant so ("foo:/bar", "foo://bar"). Text that has
/// no transport ("app:5", "localhost:5000/app") gives nullopt. Opens nothing.
std::optional<Location> split_location(std::string_view text,
                                       const std::function<bool(std::string_view)>& is_known);

}  // namespace sealos
