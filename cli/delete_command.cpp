#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/push_options.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/json/json.hpp"

namespace sealos::cli {
namespace {

/// What is removed is named in full: neither a transport nor a tag is guessed.
Location place_to_remove(const std::string& text, const PluginCatalog& catalog) {
  const auto known = [&](std::string_view name) { return catalog.find(name) != nullptr; };
  const auto place = split_location(text, known);
  if (!place)
    throw Error(Status::invalid,
                fmt::format("write where \"{0}\" is, e.g. docker://{0} or containers-storage:{0}",
                            printable(text)));
  const size_t slash = place->details.rfind('/');
  const std::string last = slash == std::string::npos ? "" : place->details.substr(slash + 1);
  if (place->transport == "docker" && last.find_first_of(":@") == std::string::npos)
    throw Error(Status::invalid,
                fmt::format("{} has no tag and no digest; write which one is to be removed",
                            printable(place->str())));
  return *place;
}

}  // namespace

CLI::App* add_delete(CLI::App& app, PlaceOptions& o) {
  CLI::App* remove = app.add_subcommand(
      "delete", "Remove an image: one tag alone, or by a digest a manifest with all its tags");
  remove->add_option("IMAGE", o.place, "transport:details; a registry's with its tag or digest")
      ->required();
  add_place_flags(*remove, o);
  return remove;
}

int run_delete(const PlaceOptions& options) {
  return run_at_place(options, [&](Context& context, Side& side) {
    const Location place = place_to_remove(options.place, context.catalog);
    const OpenPlace open(context, options, place, SEALOS_CAN_REMOVE, "remove images");
    side = Side::source;
    open.reference().remove(open.services(), 0);
    const std::string removed = open.reference().canonical();
    if (!options.json) {
      fmt::print("{}\n", removed);
      return;
    }
    Json json = Json::object();
    json.set("removed", removed);
    fmt::print("{}\n", json.dump());
  });
}

}  // namespace sealos::cli
