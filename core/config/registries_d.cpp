#include "core/config/registries_d.hpp"

#include <fmt/format.h>

#include <cctype>

#include "core/yaml/yaml.hpp"
#include "sealos/sdk/error.hpp"

namespace sealos::config {
namespace {

[[noreturn]] void refuse_yaml(const std::string& why) { throw Error(Status::invalid, why); }

template <typename Use>
void for_each_member(const Yaml& map, const std::string& what, Use&& use) {
  if (map.kind == Yaml::Kind::null) return;
  if (map.kind != Yaml::Kind::map) refuse_yaml(fmt::format("{} is no mapping", what));
  for (const auto& [key, value] : map.members) use(key, *value);
}

/// The words that YAML 1.1 has for it; nullopt: another.
std::optional<bool> truth_of(const Yaml& value) {
  std::string word = value.text;
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* yes : {"true", "yes", "on", "y"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"false", "no", "off", "n"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

/// As the peers understand it: a URL, of which only the path is extended.
std::string checked_address(const std::string& text, const std::string& key) {
  for (const char* scheme : {"file:///", "http://", "https://"}) {
    if (text.starts_with(scheme)) {
      std::string address = text;
      while (address.ends_with('/')) address.pop_back();
      return address;
    }
  }
  refuse_yaml(fmt::format("{}: \"{}\" is not file:///PATH, http://... or https://...", key,
                          printable(text)));
}

}  // namespace

struct RegistriesD::Parser {
  RegistriesD& out;
  const Environment& env;
  std::string file = {};

  void section(Section& to, const Yaml& node, const std::string& what) const {
    to.file = file;
    std::string old, old_staging;
    for_each_member(node, what, [&](const std::string& key, const Yaml& value) {
      if (value.kind == Yaml::Kind::null) return;
      if (key == "lookaside") {
        to.lookaside = address(value, key);
      } else if (key == "lookaside-staging") {
        to.staging = address(value, key);
      } else if (key == "sigstore") {
        old = address(value, key);
      } else if (key == "sigstore-staging") {
        old_staging = address(value, key);
      } else if (key == "use-sigstore-attachments") {
        to.attachments = truth_of(value);
        if (!to.attachments) refuse_yaml(fmt::format("{} is neither true nor false", key));
      } else {
        env.warn(fmt::format("{}: {} has the unknown key \"{}\"", printable(file), what,
                             printable(key)));
      }
    });
    if (to.lookaside.empty()) to.lookaside = old;
    if (to.staging.empty()) to.staging = old_staging;
  }

  static std::string address(const Yaml& value, const std::string& key) {
    if (value.kind != Yaml::Kind::scalar) refuse_yaml(fmt::format("\"{}\" is no text", key));
    return value.text.empty() ? "" : checked_address(value.text, key);
  }

  void parse(const std::string& text) const {
    const std::vector<YamlNode> documents = parse_yaml(text);
    if (documents.empty()) return;
    for_each_member(*documents.front(), "the file", [&](const auto& key, const Yaml& value) {
      if (key == "default-docker") {
        if (value.kind == Yaml::Kind::null) return;
        if (out.default_) refuse_yaml("default-docker is also in " + out.default_->file);
        section(out.default_.emplace(), value, "default-docker");
      } else if (key == "docker") {
        for_each_member(value, "docker", [&](const std::string& scope, const Yaml& node) {
          const auto [at, added] = out.scopes_.try_emplace(scope);
          if (!added) refuse_yaml(printable(scope) + " is also in " + at->second.file);
          section(at->second, node, printable(scope));
        });
      } else {
        env.warn(fmt::format("{} has the unknown key \"{}\"", printable(file), printable(key)));
      }
    });
  }
};

RegistriesD RegistriesD::load(const Environment& env) {
  RegistriesD out;
  out.usual_ = "file://" + (env.user == 0 ? env.system_path("/var/lib/containers/sigstore")
                                          : env.home + "/.local/share/containers/sigstore");
  std::string folder = env.home + "/.config/containers/registries.d";
  if (!folder_exists(folder)) folder = env.system_path("/etc/containers/registries.d");
  Parser parser{out, env};
  for (const std::string& name : files_in(folder, ".yaml")) {
    parser.file = folder + "/" + name;
    try {
      if (const auto text = read_file_if_there(parser.file)) parser.parse(*text);
    } catch (Error& e) {
      throw e.add_context("reading " + printable(parser.file));
    }
  }
  return out;
}

SignatureStores RegistriesD::find(const DockerName& image) const {
  DockerName whole = image;
  if (whole.digest) whole.tag.clear();
  std::vector<const Section*> sections;
  const auto add = [&](const std::string& scope) {
    const auto at = scopes_.find(scope);
    if (at != scopes_.end()) sections.push_back(&at->second);
  };
  add(whole.str());
  for (const std::string& scope : enclosing_names(image)) add(scope);
  if (default_) sections.push_back(&*default_);

  SignatureStores found;
  std::optional<bool> attachments;
  for (const Section* section : sections) {
    if (found.read.empty()) found.read = section->lookaside;
    if (found.write.empty())
      found.write = section->staging.empty() ? section->lookaside : section->staging;
    if (!attachments) attachments = section->attachments;
  }
  found.attachments = attachments.value_or(false);
  found.configured = !found.write.empty();
  if (found.read.empty()) found.read = usual_;
  if (found.write.empty()) found.write = usual_;
  found.read += "/" + image.path;
  found.write += "/" + image.path;
  return found;
}

}  // namespace sealos::config
