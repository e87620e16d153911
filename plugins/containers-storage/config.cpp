#include "config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "support/file/file.hpp"
#include "user_namespace.hpp"

namespace sealos::containers_storage {
namespace {

namespace fs = std::filesystem;

const std::string* variable(const Environment& environment, const char* name) {
  const auto at = environment.variables.find(name);
  return at == environment.variables.end() ? nullptr : &at->second;
}

/// As variable, but an empty value counts as none.
std::string filled(const Environment& environment, const char* name) {
  const std::string* value = variable(environment, name);
  return value == nullptr ? std::string() : *value;
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

/// "$UID", "$NAME" and "${NAME}" are replaced; unknown names by nothing.
std::string expand(const Environment& environment, std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      out += text[i];
      continue;
    }
    const bool braces = i + 1 < text.size() && text[i + 1] == '{';
    size_t end = i + (braces ? 2 : 1);
    const size_t start = end;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) {
      ++end;
    }
    const std::string name(text.substr(start, end - start));
    out += name == "UID" ? std::to_string(environment.uid) : filled(environment, name.c_str());
    i = braces && end < text.size() && text[end] == '}' ? end : end - 1;
  }
  return out;
}

void take_text(const toml::node_view<toml::node>& node, std::string& into) {
  if (const auto value = node.value<std::string>(); value && !value->empty()) into = *value;
}

void take_list(const toml::node_view<toml::node>& node, std::vector<std::string>& into) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return;
  into.clear();
  for (const toml::node& item : *list) {
    if (const auto value = item.value<std::string>(); value && !value->empty())
      into.push_back(*value);
  }
}

/// Options of the driver that change how files lie on the disk, or whether we can go on at all.
constexpr const char* kDriverOptions[] = {"mount_program", "force_mask", "use_composefs",
                                          "ignore_chown_errors", "mountopt"};

void take_options(const toml::node_view<toml::node>& table, StoreSettings& into) {
  for (const char* key : kDriverOptions) {
    std::string value;
    if (const auto flag = table[key].value_exact<bool>()) value = *flag ? "true" : "false";
    take_text(table[key], value);
    if (!value.empty()) into.options[key] = value;
  }
}

void read_file(const std::string& path, const Environment& environment, StoreSettings& into) {
  toml::table root;
  try {
    const Fd file = open_at(AT_FDCWD, path, O_RDONLY);
    root = toml::parse(read_all(file.get(), path, 4 << 20), path);
  } catch (const toml::parse_error& e) {
    throw Error(Status::invalid, fmt::format("reading {}: {} in line {}", path, e.description(),
                                             e.source().begin.line));
  }
  const auto storage = toml::node_view<toml::node>(root)["storage"];
  take_text(storage["driver"], into.driver);
  for (auto [key, to] :
       {std::pair{"graphroot", &into.graphroot}, std::pair{"runroot", &into.runroot},
        std::pair{"imagestore", &into.image_store}}) {
    take_text(storage[key], *to);
    *to = expand(environment, *to);
  }
  if (environment.rootless) {
    std::string graphroot;
    take_text(storage["rootless_storage_path"], graphroot);
    if (!graphroot.empty()) into.graphroot = expand(environment, graphroot);
  }
  take_list(storage["driver_priority"], into.driver_priority);
  const auto options = storage["options"];
  take_list(options["additionalimagestores"], into.additional);
  take_options(options, into);
  take_options(options["overlay"], into);
  take_options(options["vfs"], into);
}

std::string config_home(const Environment& environment) {
  if (const std::string home = filled(environment, "XDG_CONFIG_HOME"); !home.empty()) return home;
  if (!environment.rootless) return "";
  const std::string home = filled(environment, "HOME");
  return home.empty() ? "" : home + "/.config";
}

/// Newer podman merges these over the file beside them; podman 4 and skopeo do not know them.
void read_drop_ins(const std::string& user, const Environment& environment, StoreSettings& into) {
  std::map<std::string, std::string> files;  // by file name; a later folder replaces
  std::vector<std::string> folders;
  const std::string kind =
      environment.rootless ? "storage.rootless.conf.d" : "storage.rootful.conf.d";
  for (const char* base : {"/usr/share/containers/", "/etc/containers/"}) {
    folders.push_back(environment.prefix + base + "storage.conf.d");
    folders.push_back(environment.prefix + base + kind);
  }
  if (!user.empty()) folders.push_back(user + "/containers/storage.conf.d");
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".conf")
        files[entry.path().filename().string()] = entry.path().string();
    }
  }
  for (const auto& [name, path] : files) {
    const std::string before = into.graphroot;
    read_file(path, environment, into);
    if (into.graphroot != before) {
      into.warnings.push_back(
          fmt::format("{} sets graphroot = {}, which older podman and skopeo do not see", path,
                      into.graphroot));
    }
  }
}

void set_defaults(const Environment& environment, StoreSettings& into) {
  into.rootless = environment.rootless;
  into.mapped = environment.mapped;
  if (!environment.rootless) {
    into.graphroot = environment.prefix + "/var/lib/containers/storage";
    into.runroot = environment.prefix + "/run/containers/storage";
    return;
  }
  const std::string data = filled(environment, "XDG_DATA_HOME");
  into.graphroot =
      (data.empty() ? filled(environment, "HOME") + "/.local/share" : data) + "/containers/storage";
  const std::string uid = std::to_string(environment.uid);
  const std::string runtime = filled(environment, "XDG_RUNTIME_DIR");
  if (!runtime.empty()) {
    into.runroot = runtime + "/containers";
  } else if (exists("/run/user/" + uid)) {
    into.runroot = "/run/user/" + uid + "/containers";
  } else {
    into.runroot = "/tmp/storage-run-" + uid + "/containers";
  }
}

void read_files(const Environment& environment, StoreSettings& into) {
  if (const std::string* named = variable(environment, "CONTAINERS_STORAGE_CONF")) {
    if (!exists(*named)) {
      throw Error(Status::not_found, fmt::format("CONTAINERS_STORAGE_CONF names \"{}\", which is "
                                                 "not there",
                                                 printable(*named)));
    }
    read_file(*named, environment, into);
    return;
  }
  const std::string user = config_home(environment);
  const std::string user_file = user + "/containers/storage.conf";
  if (!user.empty() && exists(user_file)) {
    read_file(user_file, environment, into);
  } else {
    for (const char* path :
         {"/etc/containers/storage.conf", "/usr/share/containers/storage.conf"}) {
      if (!exists(environment.prefix + path)) continue;
      StoreSettings read = into;
      read_file(environment.prefix + path, environment, read);
      if (environment.rootless) {  // the system's roots are not a user's
        read.graphroot = into.graphroot;
        read.runroot = into.runroot;
        read.image_store.clear();
      }
      into = read;
      break;
    }
  }
  read_drop_ins(user, environment, into);
}

void take_option(std::string_view option, StoreSettings& into) {
  const size_t equals = option.find('=');
  if (equals == std::string_view::npos) {
    throw Error(Status::invalid,
                fmt::format("storage option \"{}\" is not key=value", printable(option)));
  }
  std::string_view key = option.substr(0, equals);
  const std::string value(option.substr(equals + 1));
  for (const std::string_view prefix : {"overlay.", "overlay2.", "vfs.", "."}) {
    if (key.starts_with(prefix)) key.remove_prefix(prefix.size());
  }
  if (key == "imagestore" || key == "additionalimagestore") {
    into.additional.push_back(value);
    return;
  }
  static constexpr std::string_view kHarmless[] = {"size", "inodes", "skip_mount_home",
                                                   "disable-volatile", "sync"};
  const bool known =
      std::find(std::begin(kDriverOptions), std::end(kDriverOptions), key) !=
          std::end(kDriverOptions) ||
      std::find(std::begin(kHarmless), std::end(kHarmless), key) != std::end(kHarmless);
  if (!known) {
    throw Error(Status::invalid, fmt::format("unknown storage option \"{}\"", printable(key)));
  }
  into.options[std::string(key)] = value;
}

void check_driver(StoreSettings& settings) {
  if (settings.driver == "overlay2") settings.driver = "overlay";
  if (settings.driver.empty() || settings.driver == "overlay" || settings.driver == "vfs") return;
  throw Error(Status::unsupported,
              fmt::format("storage driver \"{}\" is not supported, only overlay and vfs are",
                          printable(settings.driver)));
}

std::optional<unsigned> parse_number(const std::string& text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Environment Environment::of_this_process() {
  Environment out;
  for (char** at = ::environ; *at != nullptr; ++at) {
    const std::string_view text = *at;
    if (const size_t equals = text.find('='); equals != std::string_view::npos)
      out.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  out.uid = ::geteuid();
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  const bool asked = ::syscall(SYS_capget, &header, data) == 0;
  const bool admin = asked && (data[0].effective & (1u << CAP_SYS_ADMIN)) != 0;
  const bool namespaced = in_user_namespace();
  out.rootless = out.uid != 0 || !admin || namespaced;
  out.mapped = out.uid == 0 && admin && namespaced;
  // Within "podman unshare" the configuration is still the user's.
  if (out.mapped) {
    const auto uid = parse_number(filled(out, "_CONTAINERS_ROOTLESS_UID"));
    if (uid) out.uid = *uid;
  }
  return out;
}

StoreSettings settings_for(const StoreSpec& spec, const Environment& environment) {
  StoreSettings settings;
  set_defaults(environment, settings);
  read_files(environment, settings);
  if (const std::string driver = filled(environment, "STORAGE_DRIVER"); !driver.empty())
    settings.driver = driver;
  if (const std::string options = filled(environment, "STORAGE_OPTS"); !options.empty()) {
    settings.options.clear();
    settings.additional.clear();
    for (size_t at = 0; at <= options.size();) {
      const size_t comma = std::min(options.find(',', at), options.size());
      take_option(std::string_view(options).substr(at, comma - at), settings);
      at = comma + 1;
    }
  }
  if (!spec.empty()) {
    settings.driver = spec.driver;
    settings.options.clear();
    settings.additional.clear();
    settings.image_store.clear();
    if (!spec.graphroot.empty()) settings.graphroot = spec.graphroot;
    if (!spec.runroot.empty()) settings.runroot = spec.runroot;
    for (const std::string& option : spec.options) take_option(option, settings);
  }
  check_driver(settings);
  settings.graphroot = resolved_path(settings.graphroot);
  settings.runroot = resolved_path(settings.runroot);
  return settings;
}

std::string choose_driver(const StoreSettings& settings) {
  if (!settings.driver.empty()) return settings.driver;
  for (const std::string& driver : settings.driver_priority) {
    if (exists(settings.graphroot + "/" + driver)) return driver == "overlay2" ? "overlay" : driver;
  }
  std::vector<std::string> found;
  for (const char* driver : {"overlay", "btrfs", "zfs"}) {
    const std::string folder = settings.rootless ? std::string(driver) + "-images" : driver;
    if (exists(settings.graphroot + "/" + folder)) found.emplace_back(driver);
  }
  if (settings.rootless && found.empty() && exists(settings.graphroot + "/vfs-images"))
    return "vfs";
  if (found.size() > 1) {
    throw Error(Status::invalid,
                fmt::format("{} holds stores of several drivers ({}); name one: [driver@{}]",
                            settings.graphroot, fmt::join(found, ", "), settings.graphroot));
  }
  if (found.empty() || found[0] == "overlay") return "overlay";
  throw Error(Status::unsupported,
              fmt::format("{} is kept by the storage driver {}; only overlay and vfs are supported",
                          settings.graphroot, found[0]));
}

}  // namespace sealos::containers_storage
