#include "archive_name.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sealos::docker_archive {

ArchiveName ArchiveName::parse(std::string_view details) {
  const size_t colon = details.find(':');
  ArchiveName parsed;
  parsed.path = details.substr(0, colon);
  if (parsed.path.empty()) throw Error(Status::invalid, "the path is empty");
  if (colon == std::string_view::npos) return parsed;
  std::string_view rest = details.substr(colon + 1);
  if (!rest.starts_with('@')) {
    parsed.name = parse_tagged(rest);
    return parsed;
  }
  rest.remove_prefix(rest.starts_with("@+") ? 2 : 1);
  size_t position = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), position);
  if (error != std::errc() || end != rest.data() + rest.size()) {
    throw Error(Status::invalid,
                fmt::format("\"@{}\" is not the position of an image", printable(rest)));
  }
  parsed.position = position;
  return parsed;
}

std::string ArchiveName::canonical() const {
  if (position) return fmt::format("{}:@{}", path, *position);
  return name ? fmt::format("{}:{}", path, name->str()) : path;
}

}  // namespace sealos::docker_archive
