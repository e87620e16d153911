#include "image_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace sealos::sif {
namespace {

std::vector<std::string> strings_at(const Json& json, const char* key) {
  std::vector<std::string> out;
  const Json* list = json.find(key);
  if (list == nullptr) return out;
  for (const Json& item : list->items(key)) out.push_back(item.string(key));
  return out;
}

bool is_list_of_strings(const Json& json) {
  if (!json.is_array()) return false;
  const auto& items = json.items("");
  return std::all_of(items.begin(), items.end(), [](const Json& item) { return item.is_string(); });
}

/// Whether the member is of the kind that the image specification gives it.
bool fits(const std::string& key, const Json& value) {
  if (key == "Cmd" || key == "Entrypoint" || key == "Env") return is_list_of_strings(value);
  if (key == "User" || key == "WorkingDir" || key == "StopSignal") return value.is_string();
  if (key != "Labels" && key != "ExposedPorts" && key != "Volumes") return false;
  if (!value.is_object()) return false;
  const auto& members = value.members("");
  return std::all_of(members.begin(), members.end(), [&](const Json::Member& member) {
    return key == "Labels" ? member.second.is_string() : member.second.is_object();
  });
}

}  // namespace

ImageConfig ImageConfig::parse(std::string_view text) {
  ImageConfig out;
  try {
    const Json json = Json::parse(text);
    if (!json.is_object()) throw Error(Status::invalid, "it is no object");
    out.architecture = json.text_at("architecture");
    out.created = parse_time(json.text_at("created"));
    const Json* config = json.find("config");
    if (config == nullptr) return out;
    config->members("config");
    out.config = *config;
    out.environment = strings_at(*config, "Env");
    out.entrypoint = strings_at(*config, "Entrypoint");
    out.command = strings_at(*config, "Cmd");
    out.working_dir = config->text_at("WorkingDir");
    out.user = config->text_at("User");
    if (const Json* labels = config->find("Labels")) {
      for (const auto& [key, value] : labels->members("Labels"))
        out.labels.emplace_back(key, value.string("Labels"));
    }
  } catch (Error& e) {
    throw e.add_context("the image's configuration");
  }
  return out;
}

std::string time_text(std::int64_t seconds) {
  std::tm parts{};
  const auto time = static_cast<std::time_t>(seconds);
  if (::gmtime_r(&time, &parts) == nullptr)
    throw Error(Status::invalid, fmt::format("{} is no time", seconds));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<std::int64_t> parse_time(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') {
    for (++rest; *rest >= '0' && *rest <= '9';) ++rest;
  }
  std::tm zone{};
  std::int64_t offset = 0;
  if (*rest == '+' || *rest == '-') {
    const char* const end = ::strptime(rest + 1, "%H:%M", &zone);
    if (end == nullptr || *end != '\0') return std::nullopt;
    offset = (zone.tm_hour * 60 + zone.tm_min) * (*rest == '+' ? 60 : -60);
  } else if (std::string_view(rest) != "Z") {
    return std::nullopt;
  }
  const std::int64_t seconds = ::timegm(&parts) - offset;
  if (seconds < 0) return std::nullopt;
  return seconds;
}

Json checked_config(std::string_view text) {
  const Json json = Json::parse(text);
  Json out = Json::object();
  for (const auto& [key, value] : json.members("the image's configuration")) {
    if (fits(key, value)) out.set(key, value);
  }
  return out;
}

}  // namespace sealos::sif
