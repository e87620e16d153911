#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/push_options.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/json/json.hpp"

namespace sealos::cli {
namespace {

/// "docker://reg:5000/app:1" is a place of its own, and not the repository that has the tags.
void require_repository(const Location& place) {
  if (place.transport != "docker") return;
  const size_t slash = place.details.rfind('/');
  const std::string last = slash == std::string::npos ? "" : place.details.substr(slash + 1);
  if (last.find_first_of(":@") != std::string::npos)
    throw Error(Status::invalid, fmt::format("{} names an image; leave away what is behind \"{}\"",
                                             printable(place.str()),
                                             printable(last.substr(0, last.find_first_of(":@")))));
}

void show_tags(const PlaceOptions& options, const Reference& reference,
               const std::vector<std::string>& tags) {
  if (!options.json) {
    for (const std::string& tag : tags) fmt::print("{}\n", printable(tag));
    return;
  }
  Json list = Json::array();
  for (const std::string& tag : tags) list.push_back(tag);
  Json json = Json::object();
  json.set("transport", reference.transport());
  const auto name = reference.docker_name();
  json.set("repository", name ? DockerName::parse(*name).repository() : options.place);
  json.set("tags", std::move(list));
  fmt::print("{}\n", json.dump());
}

}  // namespace

CLI::App* add_tags(CLI::App& app, PlaceOptions& o) {
  CLI::App* tags = app.add_subcommand("tags", "List the tags of a repository, layout or archive");
  tags->add_option("PLACE", o.place,
                   "A repository of a registry (docker), or transport:details, e.g. oci:FOLDER")
      ->required();
  add_place_flags(*tags, o);
  return tags;
}

int run_tags(const PlaceOptions& options) {
  return run_at_place(options, [&](Context& context, Side& side) {
    if (options.place.empty()) throw Error(Status::invalid, "PLACE is empty");
    const Location place = place_of(options.place, "docker://", context.catalog);
    require_repository(place);
    const OpenPlace open(context, options, place, SEALOS_CAN_LIST, "list tags");
    side = Side::source;
    show_tags(options, open.reference(), open.reference().list_tags(open.services()));
  });
}

}  // namespace sealos::cli
