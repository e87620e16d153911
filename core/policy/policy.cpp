#include "core/policy/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sealos::policy {
namespace {

const char* name_of(Requirement::Kind kind) {
  switch (kind) {
    case Requirement::Kind::accept_anything:
      return "insecureAcceptAnything";
    case Requirement::Kind::reject:
      return "reject";
    case Requirement::Kind::signed_by:
      return "signedBy";
    case Requirement::Kind::signed_base_layer:
      return "signedBaseLayer";
    case Requirement::Kind::sigstore_signed:
      return "sigstoreSigned";
  }
  return "unknown";
}

std::vector<std::string> places_of(const config::Environment& env) {
  return {env.home + "/.config/containers/policy.json",
          env.system_path("/etc/containers/policy.json")};
}

std::map<std::string, Requirements> parse_scopes(const Json& json) {
  std::map<std::string, Requirements> out;
  for (const auto& [scope, list] : json.members("the scopes of a transport")) {
    try {
      out.emplace(scope, parse_requirements(list));
    } catch (Error& e) {
      throw e.add_context(fmt::format("scope \"{}\"", printable(scope)));
    }
  }
  return out;
}

}  // namespace

Policy Policy::accept_anything() {
  Policy out;
  out.path_ = "--insecure-policy";
  out.default_.push_back({Requirement::Kind::accept_anything, Json()});
  return out;
}

Policy Policy::missing(const config::Environment& env) {
  Policy out;
  const std::vector<std::string> places = places_of(env);
  out.path_ = places.back();
  out.missing_ = fmt::format(
      "there is no signature policy, neither {} nor {}; write one, name one by --signature-policy, "
      "or use --insecure-policy",
      printable(places.front()), printable(places.back()));
  out.default_.push_back({Requirement::Kind::reject, Json()});
  return out;
}

std::optional<Policy> Policy::load(const std::optional<std::string>& named,
                                   const config::Environment& env) {
  std::vector<std::string> places = places_of(env);
  if (named) places = {*named};
  for (const std::string& place : places) {
    const auto text = config::read_file_if_there(place);
    if (text) return parse(place, *text);
  }
  if (named)
    throw Error(Status::not_found,
                fmt::format("signature policy {} does not exist", printable(*named)));
  return std::nullopt;
}

Policy Policy::parse(std::string path, std::string_view text) {
  Policy out;
  out.path_ = std::move(path);
  try {
    const Json document = Json::parse(text);
    refuse_unknown(document, {"default", "transports"});
    out.default_ = parse_requirements(document.at("default"));
    const Json* transports = document.find("transports");
    if (transports == nullptr) return out;
    for (const auto& [transport, scopes] : transports->members("transports")) {
      try {
        out.transports_.emplace(transport, parse_scopes(scopes));
      } catch (Error& e) {
        throw e.add_context("transport " + printable(transport));
      }
    }
  } catch (Error& e) {
    throw e.add_context("reading signature policy " + printable(out.path_));
  }
  return out;
}

void Policy::accept_unlisted(const std::string& transport) {
  const auto [at, added] = transports_.try_emplace(transport);
  if (added) at->second[""] = {{Requirement::Kind::accept_anything, Json()}};
}

void Policy::check_scopes(const std::string& transport,
                          const std::function<void(const std::string&)>& check) const {
  const auto scopes = transports_.find(transport);
  if (scopes == transports_.end()) return;
  for (const auto& [scope, requirements] : scopes->second) {
    if (scope.empty()) continue;
    try {
      check(scope);
    } catch (Error& e) {
      throw e.add_context(fmt::format("scope \"{}\" of transport {} in signature policy {}",
                                      printable(scope), transport, printable(path_)));
    }
  }
}

PolicyMatch Policy::match(const PolicyImage& image) const {
  const auto scopes = transports_.find(image.transport);
  if (scopes == transports_.end()) return {default_, "the default"};
  std::vector<std::string> names{image.identity};
  names.insert(names.end(), image.namespaces.begin(), image.namespaces.end());
  for (const std::string& name : names) {
    const auto at = scopes->second.find(name);
    if (!name.empty() && at != scopes->second.end())
      return {at->second, fmt::format("{} of transport {}", printable(name), image.transport)};
  }
  const auto at = scopes->second.find("");
  if (at != scopes->second.end()) return {at->second, "transport " + image.transport};
  return {default_, "the default"};
}

void Policy::require_allowed(const PolicyImage& image) const {
  const PolicyMatch found = match(image);
  if (!missing_.empty() && &found.requirements == &default_)
    throw Error(Status::denied,
                fmt::format("{} may not be read: {}", printable(image.name), missing_));
  for (const Requirement& requirement : found.requirements) {
    const std::string place = fmt::format("{} in {}", found.where, printable(path_));
    if (requirement.kind == Requirement::Kind::reject) {
      throw Error(Status::denied, fmt::format("image {} is rejected by signature policy: {}",
                                              printable(image.name), place));
    }
    if (const std::string why = why_undecidable(requirement); !why.empty()) {
      throw Error(Status::denied,
                  fmt::format("image {} is subject to {} by signature policy, {}: {}",
                              printable(image.name), name_of(requirement.kind), place, why));
    }
  }
}

bool Policy::wants_signatures(const PolicyImage& image) const {
  const Requirements& requirements = match(image).requirements;
  return std::any_of(requirements.begin(), requirements.end(), [](const Requirement& one) {
    return one.kind != Requirement::Kind::accept_anything && one.kind != Requirement::Kind::reject;
  });
}

void Policy::require_signed(const PolicyImage& image, const SignedImage& found,
                            KeyRings& rings) const {
  require_allowed(image);
  const PolicyMatch rules = match(image);
  for (const Requirement& requirement : rules.requirements) {
    if (requirement.kind == Requirement::Kind::accept_anything) continue;
    const std::string why = why_not_signed(requirement, found, rings);
    if (why.empty()) continue;
    throw Error(Status::denied,
                fmt::format("image {} needs a signature of kind {} by signature policy, {} in {}: "
                            "{}",
                            printable(image.name), name_of(requirement.kind), rules.where,
                            printable(path_), why));
  }
}

}  // namespace sealos::policy
