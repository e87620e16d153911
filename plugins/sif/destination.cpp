#include "destination.hpp"

#include <fmt/format.h>

#include "native_form.hpp"
#include "oci_form.hpp"

namespace sealos::sif {

Destination::Destination(sdk::Host host, const std::string& path, sdk::Intent intent) {
  const std::string format = host.option("sif.format").value_or("native");
  if (format == "native") {
    form_ = std::make_unique<NativeForm>(host, path, intent);
  } else if (format == "oci") {
    form_ = std::make_unique<OciForm>(host, path, intent);
  } else {
    throw Error(Status::invalid,
                fmt::format("sif.format must be native or oci, not \"{}\"", printable(format)));
  }
}

Form& Destination::form() {
  if (form_ == nullptr) throw Error(Status::internal, "sif: the copy was aborted");
  return *form_;
}

std::optional<std::string> Destination::commit(const Item&) {
  form().commit();
  return std::nullopt;
}

}  // namespace sealos::sif
