#include "reference.hpp"

#include <fmt/format.h>

#include "destination.hpp"
#include "manifests.hpp"
#include "sealos/sdk/registries.hpp"
#include "source.hpp"
#include "tags.hpp"

namespace sealos::docker {

std::unique_ptr<Reference> Reference::parse(std::string_view details) {
  if (!details.starts_with("//"))
    throw Error(
        Status::invalid,
        fmt::format("docker:{} is not understood: it is written docker://NAME[:TAG|@DIGEST]",
                    printable(details)));
  DockerName name = DockerName::parse(details.substr(2));
  if (name.tag.empty() && !name.digest) name.tag = "latest";
  return std::unique_ptr<Reference>(new Reference(std::move(name)));
}

std::string Reference::policy_identity() const {
  DockerName identity = name_;
  if (identity.digest) identity.tag.clear();
  return identity.str();
}

std::vector<std::string> Reference::policy_namespaces() const { return enclosing_names(name_); }

std::string manifest_name(const DockerName& name) {
  return name.digest ? name.digest->str() : name.tag;
}

std::unique_ptr<Source> Reference::open_source(sdk::Host host) const {
  return std::make_unique<Source>(host, name_);
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  return open(host, sdk::Intent::write);
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return open(host, sdk::Intent::preview);
}

std::unique_ptr<Destination> Reference::open(sdk::Host host, sdk::Intent intent) const {
  if (name_.digest && !name_.tag.empty())
    throw Error(Status::invalid,
                fmt::format("docker://{} has a tag and a digest; a destination takes one of them",
                            name_.str()));
  const bool insecure = sdk::place_to_write(host, name_.str()).insecure;
  return std::make_unique<Destination>(host, name_, insecure, intent);
}

std::vector<std::string> Reference::list_tags(sdk::Host host) const {
  Registry registry(host, name_, Side::neither, sdk::place_to_write(host, name_.str()).insecure);
  return docker::list_tags(registry);
}

void Reference::remove(sdk::Host host, std::uint32_t flags) const {
  Registry registry(host, name_, Side::neither, sdk::place_to_write(host, name_.str()).insecure);
  const std::string name = manifest_name(name_);
  if ((flags & SEALOS_REMOVE_ONLY_INDEX) != 0) {
    const std::string type = get_manifest(registry, name).label;
    if (type != kOciIndex && type != kDockerList)
      throw Error(Status::invalid, name_.str() + " is an image and no index");
  }
  remove_image(registry, name);
}

}  // namespace sealos::docker
