#include "dir_reference.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "support/file/staged_file.hpp"

namespace sealos::dir {

Reference::Reference(std::string_view path) : path_(path) {
  if (path_.empty()) throw Error(Status::invalid, "dir: the path is empty");
  resolved_ = resolved_path(path_);
  const std::filesystem::path parent = std::filesystem::path(resolved_).parent_path();
  std::error_code error;
  if (!std::filesystem::is_directory(parent, error)) {
    throw Error(Status::not_found, fmt::format("dir:{}: there is no folder {}", printable(path_),
                                               printable(parent.string())));
  }
}

std::vector<std::string> Reference::policy_namespaces() const {
  return enclosing_folders(resolved_);
}

std::unique_ptr<Source> Reference::open_source(sdk::Host host) const {
  try {
    return std::make_unique<Source>(host, path_);
  } catch (Error& e) {
    throw e.add_context("dir:" + printable(path_));
  }
}

std::unique_ptr<Destination> Reference::open(sdk::Host host, sdk::Intent intent) const {
  try {
    return std::make_unique<Destination>(host, path_, intent);
  } catch (Error& e) {
    throw e.add_context("dir:" + printable(path_));
  }
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  return open(host, sdk::Intent::write);
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return open(host, sdk::Intent::preview);
}

}  // namespace sealos::dir
