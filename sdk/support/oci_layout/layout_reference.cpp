#include "support/oci_layout/layout_reference.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "support/file/staged_file.hpp"

namespace sealos::oci_layout {

LayoutReference::LayoutReference(std::string_view transport, std::string_view details,
                                 bool pipe_allowed)
    : name_(LayoutName::parse(details)),
      place_(fmt::format("{}:{}", transport, printable(name_.path))) {
  if (pipe_allowed && name_.path == "-") return;
  resolved_ = resolved_path(name_.path);
  const std::filesystem::path parent = std::filesystem::path(resolved_).parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(parent, error)) return;
  throw Error(Status::not_found,
              fmt::format("{}: there is no folder {}", place_, printable(parent.string())));
}

std::vector<std::string> LayoutReference::policy_namespaces() const {
  return enclosing_folders(resolved_);
}

void LayoutReference::require_destination() const {
  if (!name_.position) return;
  throw Error(Status::invalid, "a position names an image that is there, not a new one");
}

}  // namespace sealos::oci_layout
