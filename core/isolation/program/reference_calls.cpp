#include "core/isolation/program/call.hpp"

namespace sealos::isolation {
namespace {

template <typename Object, typename Open>
sealos_status open_and_describe(Call& call, Open sealos_reference::*open) {
  const auto* reference = call.object<sealos_reference>();
  Object* out = nullptr;
  const sealos_status status = (reference->*open)(reference, call.host(), &out, call.error.out());
  if (status == SEALOS_OK) describe(call.answer, out);
  return status;
}

sealos_status open_source(Call& call) {
  return open_and_describe<sealos_source>(call, &sealos_reference::open_source);
}

sealos_status open_destination(Call& call) {
  return open_and_describe<sealos_destination>(call, &sealos_reference::open_destination);
}

sealos_status open_preview(Call& call) {
  return open_and_describe<sealos_destination>(call, &sealos_reference::open_preview);
}

sealos_status list_tags(Call& call) {
  const auto* reference = call.object<sealos_reference>();
  return reference->list_tags(reference, call.host(), &send_item, &call.line, call.error.out());
}

sealos_status remove(Call& call) {
  const auto* reference = call.object<sealos_reference>();
  const sealos_host* host = call.host();
  const auto flags = static_cast<std::uint32_t>(call.reader.number());
  return reference->remove(reference, host, flags, call.error.out());
}

/// What release throws ends the process, as it would end the tool.
sealos_status release_reference(Call& call) noexcept {
  auto* reference = call.object<sealos_reference>();
  if (SEALOS_HAS(reference, sealos_reference, release)) reference->release(reference);
  return SEALOS_OK;
}

}  // namespace

Function reference_function(Kind kind) {
  switch (kind) {
    case Kind::open_source:
      return &open_source;
    case Kind::open_destination:
      return &open_destination;
    case Kind::open_preview:
      return &open_preview;
    case Kind::list_tags:
      return &list_tags;
    case Kind::remove:
      return &remove;
    case Kind::release_reference:
      return &release_reference;
    default:
      return nullptr;
  }
}

}  // namespace sealos::isolation
