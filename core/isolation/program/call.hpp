// One call of the engine, in the plugin's process.
#pragma once

#include <cstdint>

#include "core/isolation/program/line.hpp"
#include "core/isolation/program/remote_host.hpp"
#include "sealos/abi.h"
#include "sealos/sdk/guard.hpp"

namespace sealos::isolation {

/// What calls have in common: the library and the hosts.
struct Program {
  const char* library = "";
  const sealos_plugin* plugin = nullptr;  // once it is loaded
  RemoteHosts hosts;
};

/// A request, and what becomes of it. An object's number is its address: the engine is trusted, and
/// gives back what it was given.
struct Call {
  Call(Program& program, Line& line, Message request)
      : program(program), line(line), request(std::move(request)) {}

  Program& program;
  Line& line;
  Message request;
  Reader reader = request.reader();
  sdk::ErrorSlot error;
  Writer answer;  // what comes after SEALOS_OK
  int fd = -1;    // goes along with it

  template <typename Object>
  Object* object() {
    return reinterpret_cast<Object*>(static_cast<std::uintptr_t>(reader.number()));
  }
  const sealos_host* host() { return program.hosts.find(reader.number()); }
};

using Function = sealos_status (*)(Call& call);

/// What a kind of request runs; nullptr where it is none of these.
Function plugin_function(Kind kind);
Function reference_function(Kind kind);
Function source_function(Kind kind);
Function destination_function(Kind kind);

/// What a plugin emits goes to the engine; `to` is the Line.
sealos_status send_item(void* to, const sealos_item* item);
sealos_status send_blob(void* to, const sealos_blob* blob);

/// What the engine has to know of an object; NULL: the plugin gave none.
void describe(Writer& answer, sealos_source* object);
void describe(Writer& answer, sealos_destination* object);

inline std::uint64_t number_of(const void* object) {
  return reinterpret_cast<std::uintptr_t>(object);
}

/// Runs one request and sends what becomes of it.
void run(Program& program, Line& line, Message request);

}  // namespace sealos::isolation
