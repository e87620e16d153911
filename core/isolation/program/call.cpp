#include "core/isolation/program/call.hpp"

namespace sealos::isolation {
namespace {

Function function_of(Kind kind) {
  for (const auto find :
       {&plugin_function, &reference_function, &source_function, &destination_function}) {
    if (const Function found = find(kind)) return found;
  }
  throw BadMessage("the engine asks for what there is not");
}

/// The engine's answer to what was emitted; where there is none any more, the plugin is to stop.
template <typename Write>
sealos_status emit(void* to, Kind kind, Write&& write) {
  sealos_status answer = SEALOS_CANCELLED;
  const sealos_status sent = sdk::guard(nullptr, [&] {
    Writer item;
    write(item);
    const Message message = static_cast<Line*>(to)->ask(kind, item);
    answer = static_cast<sealos_status>(message.reader().signed_number());
  });
  return sent != SEALOS_OK ? sent : answer;
}

}  // namespace

sealos_status send_item(void* to, const sealos_item* item) {
  return emit(to, Kind::emit_item, [&](Writer& writer) { writer.item(*item); });
}

sealos_status send_blob(void* to, const sealos_blob* blob) {
  return emit(to, Kind::emit_blob, [&](Writer& writer) { writer.blob(*blob); });
}

void run(Program& program, Line& line, Message request) {
  const Kind kind = request.kind;
  Call call(program, line, std::move(request));
  sealos_status status = SEALOS_OK;
  try {
    status = function_of(kind)(call);
  } catch (const ConnectionEnded&) {
    throw;
  } catch (const std::exception& e) {
    return line.send(Kind::threw, Writer().text(e.what()));
  } catch (...) {
    return line.send(Kind::threw, Writer().text(nullptr));
  }
  Writer answer;
  answer.status(status, *call.error.out());
  if (status == SEALOS_OK) answer.append(call.answer);
  line.send(Kind::done, answer, status == SEALOS_OK ? call.fd : -1);
}

}  // namespace sealos::isolation
