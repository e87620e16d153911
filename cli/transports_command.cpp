#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <vector>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/isolation.hpp"
#include "support/json/json.hpp"

namespace sealos::cli {
namespace {

struct Capability {
  std::uint32_t flag;
  const char* name;
};
constexpr std::array<Capability, 5> kCapabilities = {{{SEALOS_CAN_READ, "read"},
                                                      {SEALOS_CAN_WRITE, "write"},
                                                      {SEALOS_CAN_LIST, "list"},
                                                      {SEALOS_CAN_REMOVE, "delete"},
                                                      {SEALOS_CAN_SIGN, "signatures"}}};

/// A transport as one plugin has it.
struct Row {
  std::string name, file, version, abi, problem;
  bool shadowed = false;
  std::vector<std::string> can;
  std::vector<std::pair<std::string, std::string>> options;
};

void describe(Row& row, PluginLoader& loader, const PluginManifest& plugin) {
  try {
    const LoadedPlugin& loaded = loader.load(plugin);
    row.version = loaded.version;
    row.abi = fmt::format("1.{}", loaded.abi_minor);
    for (const Transport& transport : loaded.transports) {
      if (transport.name() != row.name) continue;
      for (const Capability& capability : kCapabilities) {
        if ((transport.capabilities() & capability.flag) != 0)
          row.can.emplace_back(capability.name);
      }
      row.options = transport.options();
    }
  } catch (const Error& e) {
    row.problem = e.message();
  }
}

std::vector<Row> rows_of(Context& context) {
  std::vector<Row> rows;
  for (const PluginManifest& plugin : context.catalog.plugins()) {
    for (const std::string& name : plugin.transports) {
      Row row{printable(name), plugin.library, plugin.version, "", "", false, {}, {}};
      row.shadowed = context.catalog.is_shadowed(plugin, name);
      if (!row.shadowed) describe(row, context.loader, plugin);
      rows.push_back(std::move(row));
    }
  }
  for (const BrokenManifest& broken : context.catalog.broken()) {
    rows.push_back({"", broken.file, "", "", broken.why, false, {}, {}});
  }
  return rows;
}

void print_json(const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows) {
    Json one = Json::object();
    one.set("name", row.name);
    one.set("file", row.file);
    one.set("version", row.version);
    one.set("abi", row.abi);
    one.set("shadowed", row.shadowed);
    Json can = Json::array();
    for (const std::string& what : row.can) can.push_back(what);
    one.set("can", std::move(can));
    Json options = Json::object();
    for (const auto& [key, meaning] : row.options) options.set(key, meaning);
    one.set("options", std::move(options));
    if (!row.problem.empty()) one.set("problem", row.problem);
    list.push_back(std::move(one));
  }
  fmt::print("{}\n", list.dump());
}

void print_table(const std::vector<Row>& rows, bool verbose) {
  fmt::print("{:<20} {:<38} {:<8} {:<5} {}\n", "TRANSPORT", "CAN", "VERSION", "ABI", "FILE");
  for (const Row& row : rows) {
    std::string can;
    for (const std::string& what : row.can) can += (can.empty() ? "" : ",") + what;
    if (row.shadowed) can = "(shadowed)";
    if (!row.problem.empty()) can = "(broken)";
    fmt::print("{:<20} {:<38} {:<8} {:<5} {}\n", row.name, can, row.version, row.abi, row.file);
    if (!row.problem.empty()) fmt::print("    {}\n", row.problem);
    if (!verbose) continue;
    for (const auto& [key, meaning] : row.options) fmt::print("    -o {}  {}\n", key, meaning);
  }
}

}  // namespace

int run_transports(const TransportsOptions& options) {
  Context context(options.verbose);
  try {
    isolate_plugins(context.loader, options.isolate);
  } catch (const Error& e) {
    show_error(e.message());
    return exit_code_for(e, Side::request);
  }
  const std::vector<Row> rows = rows_of(context);
  if (options.json) {
    print_json(rows);
  } else {
    print_table(rows, options.verbose > 0);
  }
  return kOk;
}

}  // namespace sealos::cli
