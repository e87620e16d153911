#include "reference.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "support/file/staged_file.hpp"

namespace sealos::sif {
namespace {

template <typename Body>
auto about(const std::string& path, Body&& body) {
  try {
    return body();
  } catch (Error& e) {
    throw e.add_context("sif:" + printable(path));
  }
}

}  // namespace

Reference::Reference(std::string_view details) : path_(details) {
  if (path_.empty()) throw Error(Status::invalid, "sif: needs the path of a file");
  if (path_.find('\0') != std::string::npos)
    throw Error(Status::invalid, "sif: a path has no zero byte");
  resolved_ = resolved_path(path_);
  const std::filesystem::path parent = std::filesystem::path(resolved_).parent_path();
  std::error_code error;
  if (!std::filesystem::is_directory(parent, error)) {
    throw Error(Status::not_found, fmt::format("sif:{}: there is no folder {}", printable(path_),
                                               printable(parent.string())));
  }
}

std::vector<std::string> Reference::policy_namespaces() const {
  return enclosing_folders(resolved_);
}

std::unique_ptr<Source> Reference::open_source(sdk::Host host) const {
  return about(path_, [&] { return std::make_unique<Source>(host, resolved_); });
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  return about(path_,
               [&] { return std::make_unique<Destination>(host, resolved_, sdk::Intent::write); });
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return about(
      path_, [&] { return std::make_unique<Destination>(host, resolved_, sdk::Intent::preview); });
}

}  // namespace sealos::sif
