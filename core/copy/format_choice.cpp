#include "core/copy/format_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sealos {
namespace {

struct FormatName {
  ManifestFormat format;
  std::string_view name;
  std::array<ManifestKind, 2> kinds;  ///< of an image, of an index
};
constexpr std::array<FormatName, 4> kFormats = {{
    {ManifestFormat::oci, "oci", {ManifestKind::oci, ManifestKind::oci_index}},
    {ManifestFormat::v2s2, "v2s2", {ManifestKind::docker, ManifestKind::docker_list}},
    {ManifestFormat::v2s1, "v2s1", {ManifestKind::schema1_signed, ManifestKind::docker_list}},
    {ManifestFormat::v2s2, "docker", {ManifestKind::docker, ManifestKind::docker_list}},
}};

const FormatName& entry(ManifestFormat format) { return kFormats[static_cast<size_t>(format)]; }

}  // namespace

ManifestFormat manifest_format_named(std::string_view name) {
  for (const FormatName& each : kFormats) {
    if (each.name == name) return each.format;
  }
  throw Error(Status::invalid, fmt::format("manifest format \"{}\" is not known; there are oci, "
                                           "v2s2 (also called docker) and v2s1",
                                           printable(name)));
}

bool accepts(const DestinationTraits& destination, ManifestKind kind) {
  const auto& types = destination.manifest_types;
  return types.empty() || std::find(types.begin(), types.end(), media_type_of(kind)) != types.end();
}

DestinationTraits restricted_to(ManifestFormat format, DestinationTraits destination) {
  const FormatName& wanted = entry(format);
  if (!accepts(destination, wanted.kinds[0])) {
    throw Error(Status::unsupported,
                fmt::format("--format {}: {}, not {}", wanted.name, what_is_taken(destination),
                            describe(wanted.kinds[0])));
  }
  std::vector<std::string> types;
  for (const ManifestKind kind : wanted.kinds) {
    if (accepts(destination, kind)) types.emplace_back(media_type_of(kind));
  }
  destination.manifest_types = std::move(types);
  destination.asked_format = wanted.name;
  return destination;
}

std::vector<ManifestKind> image_kinds(ManifestKind source, const DestinationTraits& destination) {
  std::vector<ManifestKind> kinds;
  const auto add = [&](ManifestKind kind) {
    if (!is_index(kind) && accepts(destination, kind) &&
        std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      kinds.push_back(kind);
    }
  };
  add(source);
  if (!destination.manifest_types.empty()) {
    add(ManifestKind::docker);
    add(ManifestKind::schema1_signed);
  }
  for (const std::string& type : destination.manifest_types) {
    if (const auto kind = manifest_kind(type)) add(*kind);
  }
  return kinds;
}

std::string what_is_taken(const DestinationTraits& destination) {
  if (!destination.asked_format.empty()) {
    return fmt::format("--format asks for {}", destination.asked_format);
  }
  std::string kinds;
  for (const std::string& type : destination.manifest_types) {
    const auto kind = manifest_kind(type);
    const std::string text(kind ? describe(*kind) : std::string_view(type));
    if (kinds.find(text) == std::string::npos) kinds += (kinds.empty() ? "" : ", ") + text;
  }
  return fmt::format("{} takes {}", destination.name, kinds);
}

}  // namespace sealos
