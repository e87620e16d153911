// Parts of the engine that are libraries of their own beside it. What they link takes milliseconds
// to open, and most commands need none of it.
#pragma once

namespace sealos {

/// What NAME.so in the engine's folder exports as `sealos_module`; it is opened when it is first
/// asked for, and never closed. Throws SEALOS_INTERNAL where that cannot be. Safe for concurrent
/// use.
const void* open_module(const char* name);

/// The functions of the module Table::kModule. Both sides are built from one tree, so that they
/// may be C++.
template <typename Table>
const Table& module() {
  static const Table& table = *static_cast<const Table*>(open_module(Table::kModule));
  return table;
}

}  // namespace sealos
