#include "reference.hpp"

#include <fmt/format.h>

#include "branch.hpp"
#include "remove.hpp"

namespace sealos::ostree {
namespace {

bool wants_split(const sdk::Host& host) {
  const std::string form = host.option("ostree.layers").value_or("split");
  if (form == "split") return true;
  if (form == "raw") return false;
  throw Error(Status::invalid,
              fmt::format("ostree.layers is split or raw, not \"{}\"", printable(form)));
}

}  // namespace

std::unique_ptr<Source> Reference::open_source(sdk::Host) const {
  return std::make_unique<Source>(Repository::open(name_.repository()), name_.image());
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  return open(host, sdk::Intent::write);
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return open(host, sdk::Intent::preview);
}

std::unique_ptr<Destination> Reference::open(sdk::Host host, sdk::Intent intent) const {
  const bool split = wants_split(host);
  const auto mode = host.option("ostree.create");
  std::shared_ptr<Repository> repository;
  if (!mode ||
      (intent == sdk::Intent::preview && Repository::is_there(name_.repository(), *mode))) {
    repository = Repository::open(name_.repository());
  } else if (intent == sdk::Intent::write) {
    repository = Repository::open_or_create(name_.repository(), *mode);
  }
  return std::make_unique<Destination>(host, std::move(repository), name_, split, intent);
}

std::vector<std::string> Reference::list_tags(sdk::Host) const {
  std::vector<std::string> out;
  const std::string own = name_.untagged() + ":";
  for (const auto& [branch, checksum] : Repository::open(name_.repository())->branches()) {
    const auto image = image_of_branch(branch);
    if (image && image->starts_with(own) && image->find('@') == std::string::npos &&
        untagged(*image) + ":" == own) {
      out.push_back(image->substr(own.size()));
    }
  }
  return out;
}

void Reference::remove(sdk::Host host) const {
  remove_image(host, Repository::open(name_.repository()), name_.image());
}

}  // namespace sealos::ostree
