// How a library is found, opened and looked at.
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "cases.hpp"
#include "process_state.hpp"
#include "support/json/json.hpp"

namespace sealos::conformance {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), path + " cannot be read");
  return (std::ostringstream() << file.rdbuf()).str();
}

std::string manifest_file(const Context& context) {
  const std::filesystem::path library = context.options().plugin;
  return (library.parent_path() / library.stem()).string() + ".json";
}

std::set<std::string> transports_of(const sealos_plugin& plugin) {
  std::set<std::string> names;
  for (const sealos_transport* const* at = plugin.transports; *at != nullptr; ++at) {
    require((*at)->struct_size >= SEALOS_SIZE_WITH(sealos_transport, get_extension),
            "a sealos_transport is shorter than that of ABI 1.0");
    require((*at)->name != nullptr && *(*at)->name != 0, "a transport has no name");
    require(names.insert((*at)->name).second,
            fmt::format("the transport {} is there twice", (*at)->name));
  }
  return names;
}

void manifest(Context& context) {
  const std::string path = manifest_file(context);
  if (!std::filesystem::exists(path)) throw Failure{"there is no " + path};
  try {
    const Json json = Json::parse(content_of(path));
    require(json.at("abi").integer("abi") == 1, "\"abi\" is not 1");
    const std::string library = json.at("library").string("library");
    const std::filesystem::path expected = context.options().plugin;
    require(library == expected.filename() || library == expected,
            fmt::format("\"library\" is {}, not {}", library, expected.filename().string()));
    const sealos_plugin& plugin = load(context.options().plugin);
    require(json.at("name").string("name") == plugin.name,
            fmt::format("\"name\" is not {}, as the library has it", plugin.name));
    if (json.text_at("version") != plugin.version)
      warn(fmt::format("\"version\" is not {}, as the library has it", plugin.version));
    std::set<std::string> names;
    for (const Json& name : json.at("transports").items("transports"))
      names.insert(name.string("transports"));
    require(names == transports_of(plugin), "\"transports\" are not those of the library");
  } catch (const Error& e) {
    throw Failure{path + ": " + e.message()};
  }
}

void opens(Context& context) {
  const ProcessState before = ProcessState::now();
  load(context.options().plugin);
  before.require_same(ProcessState::now(), "opening it");
}

/// Dynamic symbols that are defined and visible, from the file itself.
std::vector<std::string> exported_symbols(const std::string& file) {
  const auto at = [&]<typename T>(const T*, size_t offset) {
    require(offset + sizeof(T) <= file.size(), "it is no whole ELF file");
    T value;
    std::memcpy(&value, file.data() + offset, sizeof(T));
    return value;
  };
  const Elf64_Ehdr* const header_type = nullptr;
  const Elf64_Ehdr header = at(header_type, 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
    throw Skipped{"it is no 64-bit ELF file"};
  const Elf64_Shdr* const section_type = nullptr;
  const Elf64_Sym* const symbol_type = nullptr;
  std::vector<std::string> names;
  for (size_t i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr section = at(section_type, header.e_shoff + i * header.e_shentsize);
    if (section.sh_type != SHT_DYNSYM) continue;
    const Elf64_Shdr text = at(section_type, header.e_shoff + section.sh_link * header.e_shentsize);
    for (size_t offset = 0; offset + sizeof(Elf64_Sym) <= section.sh_size;
         offset += sizeof(Elf64_Sym)) {
      const Elf64_Sym symbol = at(symbol_type, section.sh_offset + offset);
      const auto binding = ELF64_ST_BIND(symbol.st_info);
      if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL) continue;
      const size_t name = text.sh_offset + symbol.st_name;
      require(name < file.size(), "it is no whole ELF file");
      names.emplace_back(file.data() + name);
    }
  }
  return names;
}

void symbols(Context& context) {
  std::string others;
  for (const std::string& name : exported_symbols(content_of(context.options().plugin))) {
    const bool entry = name.starts_with("sealos_plugin_v");
    const bool of_a_sanitizer = name.starts_with("__asan") || name.starts_with("__odr_asan");
    if (!entry && !of_a_sanitizer) others += (others.empty() ? "" : ", ") + name;
  }
  require(others.empty(), "it also exports " + printable(others, 200));
}

/// Whether the memory can be written, as the kernel says.
bool is_writable(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long from = 0, to = 0;
    char rights[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, rights) != 3) continue;
    const auto wanted = reinterpret_cast<unsigned long>(address);
    if (from <= wanted && wanted < to) return rights[1] == 'w';
  }
  return false;
}

void constant(Context& context) {
  const sealos_plugin& plugin = load(context.options().plugin);
  require(!is_writable(&plugin), "sealos_plugin_v1 is not constant");
  for (const sealos_transport* const* at = plugin.transports; *at != nullptr; ++at)
    require(!is_writable(*at), fmt::format("the transport {} is not constant", (*at)->name));
}

void describes_itself(Context& context) {
  const sealos_plugin& plugin = load(context.options().plugin);
  transports_of(plugin);
  for (const sealos_transport* const* at = plugin.transports; *at != nullptr; ++at) {
    require((*at)->parse_reference != nullptr, "parse_reference is NULL");
    const std::string prefix = std::string((*at)->name) + ".";
    for (const char* const* option = (*at)->options; option != nullptr && *option != nullptr;
         option += 2) {
      require(option[1] != nullptr && *option[1] != 0,
              fmt::format("option {} has no meaning beside it", *option));
      const std::string key = *option;
      require(key.find('.') == std::string::npos || key.starts_with(prefix),
              fmt::format("option {} does not begin with {}", key, prefix));
    }
  }
}

void starts(Context& context) { start(context.options().plugin, context.host()); }

}  // namespace

const std::vector<Case>& loading_cases() {
  static const std::vector<Case> cases = {
      {"load-manifest", "NAME.json beside the library says of it what the library says of itself.",
       manifest, true},
      {"load-opens", "The library opens with all its symbols found, and changes nothing by that.",
       opens, true},
      {"load-symbols", "The library exports its entry and nothing else.", symbols, true},
      {"load-constant", "The entry and its transports are constant data.", constant, true},
      {"load-describes-itself", "Name, version, transports and options are there and well formed.",
       describes_itself, true},
      {"load-starts", "The plugin starts.", starts, true},
  };
  return cases;
}

}  // namespace sealos::conformance
