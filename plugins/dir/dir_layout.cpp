#include "dir_layout.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "support/json/json.hpp"

namespace sealos::dir {
namespace {

constexpr std::string_view kVersionPrefix = "Directory Transport Version: ";
constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
constexpr std::array<std::string_view, 6> kKnownTypes = {
    kDockerManifest,
    kOciManifest,
    kOciIndex,
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws"};

std::string prefix_of(Version version, const Digest& digest) {
  return version == Version::v1_1 ? std::string(digest.hex())
                                  : fmt::format("{}-{}", digest.algorithm(), digest.hex());
}

std::optional<Digest> digest_in(std::string_view name) {
  const size_t dash = name.find('-');
  if (dash == std::string_view::npos) return Digest::parse(fmt::format("sha256:{}", name));
  return Digest::parse(fmt::format("{}:{}", name.substr(0, dash), name.substr(dash + 1)));
}

bool is_signature(std::string_view name) {
  constexpr std::string_view kStart = "signature-";
  if (!name.starts_with(kStart)) return false;
  name.remove_prefix(kStart.size());
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string version_text(Version version) {
  return fmt::format("{}{}\n", kVersionPrefix, version == Version::v1_1 ? "1.1" : "1.2");
}

Version parse_version(std::string_view text) {
  if (!text.starts_with(kVersionPrefix) || !text.ends_with('\n'))
    throw Error(Status::invalid, "the file version is not that of a dir: image");
  const std::string_view number =
      text.substr(kVersionPrefix.size(), text.size() - kVersionPrefix.size() - 1);
  int major = 0, minor = 0;
  const char* const end = number.data() + number.size();
  const auto first = std::from_chars(number.data(), end, major);
  const bool dot = first.ec == std::errc() && first.ptr != end && *first.ptr == '.';
  const auto second = dot ? std::from_chars(first.ptr + 1, end, minor) : first;
  if (!dot || second.ec != std::errc() || second.ptr != end || major < 0 || minor < 0)
    throw Error(Status::invalid, "the file version is not that of a dir: image");
  if (major > 1 || minor > 2) {
    throw Error(Status::unsupported,
                fmt::format("the image has version {}, newest known is 1.2", number));
  }
  return minor == 2 ? Version::v1_2 : Version::v1_1;
}

std::string blob_name(Version version, const Digest& digest) { return prefix_of(version, digest); }

std::string manifest_name(Version version, const std::optional<Digest>& instance) {
  return instance ? prefix_of(version, *instance) + ".manifest.json" : std::string(kManifestFile);
}

std::string signature_name(Version version, const std::optional<Digest>& instance, size_t number) {
  return fmt::format("{}signature-{}", instance ? prefix_of(version, *instance) + "." : "", number);
}

bool is_name_of_format(std::string_view name) {
  if (name == kVersionFile || name == kManifestFile || is_signature(name)) return true;
  const size_t dot = name.find('.');
  if (!digest_in(name.substr(0, dot))) return false;
  if (dot == std::string_view::npos) return true;
  const std::string_view rest = name.substr(dot + 1);
  return rest == "manifest.json" || is_signature(rest);
}

std::string guess_media_type(std::string_view manifest) {
  Json json;
  try {
    json = Json::parse(manifest);
  } catch (const Error&) {
    return "";
  }
  const Json* type = json.find("mediaType");
  if (type != nullptr && type->is_string()) {
    for (const std::string_view known : kKnownTypes) {
      if (type->string("mediaType") == known) return std::string(known);
    }
  }
  const Json* version = json.find("schemaVersion");
  if (version == nullptr || !version->is_integer()) return "";
  if (version->integer("schemaVersion") == 1)
    return std::string(kKnownTypes[json.find("signatures") != nullptr ? 5 : 4]);
  if (version->integer("schemaVersion") != 2) return "";
  const Json* config = json.find("config");
  const Json* config_type = config == nullptr ? nullptr : config->find("mediaType");
  if (config_type != nullptr && config_type->is_string()) {
    const bool docker =
        config_type->string("mediaType") == "application/vnd.docker.container.image.v1+json";
    return std::string(docker ? kDockerManifest : kOciManifest);
  }
  const Json* children = json.find("manifests");
  const bool has_children =
      children != nullptr && children->is_array() && !children->items("manifests").empty();
  return std::string(has_children ? kOciIndex : kOciManifest);
}

}  // namespace sealos::dir
