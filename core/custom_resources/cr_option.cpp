#include "core/custom_resources/cr_option.hpp"

#include <fmt/format.h>

#include "sealos/sdk/error.hpp"

namespace sealos::custom_resources {

CrOption cr_option_named(std::string_view name) {
  if (name == "yes") return CrOption::yes;
  if (name == "no") return CrOption::no;
  if (name == "only") return CrOption::only;
  if (name == "auto") return CrOption::automatic;
  throw Error(Status::invalid,
              fmt::format("--cr-option is yes, no, only or auto, not \"{}\"", printable(name)));
}

}  // namespace sealos::custom_resources
