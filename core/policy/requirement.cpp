#include "core/policy/requirement.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config/secret.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::policy {
namespace {

using Names = std::initializer_list<std::string_view>;

[[noreturn]] void refuse(const std::string& why) { throw Error(Status::invalid, why); }

/// Text, and not empty.
void check_texts(const Json& object, Names names) {
  for (const std::string_view name : names) {
    if (object.find(name) != nullptr && object.text_at(name).empty())
      refuse(fmt::format("\"{}\" is empty", name));
  }
}

void check_lists(const Json& object, Names names) {
  for (const std::string_view name : names) {
    const Json* list = object.find(name);
    if (list == nullptr) continue;
    if (list->items(name).empty()) refuse(fmt::format("\"{}\" is empty", name));
    for (const Json& item : list->items(name)) item.string(name);
  }
}

size_t count_of(const Json& object, Names names) {
  const auto count = std::count_if(names.begin(), names.end(), [&](std::string_view name) {
    return object.find(name) != nullptr;
  });
  return static_cast<size_t>(count);
}

void check_one_of(const Json& object, Names names) {
  if (count_of(object, names) != 1)
    refuse(fmt::format("exactly one of {} is wanted", fmt::join(names, ", ")));
}

/// Keys and certificates in the file itself.
void check_base64(const Json& object, Names names) {
  for (const std::string_view name : names) {
    const Json* member = object.find(name);
    if (member == nullptr) continue;
    for (const Json& item : member->is_array() ? member->items(name) : Json::Array{*member}) {
      if (!config::decode_base64(item.string(name)))
        refuse(fmt::format("\"{}\" is not base64", name));
    }
  }
}

void need(const Json& object, Names names) {
  for (const std::string_view name : names) object.at(name);
  check_texts(object, names);
}

/// The whole name of an image, or of a repository.
void check_docker_name(const Json& object, std::string_view member, bool repository) {
  const DockerName name = DockerName::parse(object.text_at(member));
  const bool bare = name.tag.empty() && !name.digest;
  if (bare != repository)
    refuse(fmt::format("\"{}\" is not the name of {}", member,
                       repository ? "a repository" : "an image with a tag or digest"));
}

void check_identity(const Json& identity) {
  const std::string type = identity.text_at("type");
  if (type == "matchExact" || type == "matchRepoDigestOrExact" || type == "matchRepository") {
    refuse_unknown(identity, {"type"});
  } else if (type == "exactReference") {
    refuse_unknown(identity, {"type", "dockerReference"});
    need(identity, {"dockerReference"});
    check_docker_name(identity, "dockerReference", false);
  } else if (type == "exactRepository") {
    refuse_unknown(identity, {"type", "dockerRepository"});
    need(identity, {"dockerRepository"});
    check_docker_name(identity, "dockerRepository", true);
  } else if (type == "remapIdentity") {
    refuse_unknown(identity, {"type", "prefix", "signedPrefix"});
    need(identity, {"prefix", "signedPrefix"});
    for (const char* member : {"prefix", "signedPrefix"})
      DockerName::parse(identity.text_at(member) + "/x");
  } else {
    refuse(fmt::format("\"{}\" is not a known kind of \"signedIdentity\"", printable(type)));
  }
}

void check_identity_of(const Json& requirement, std::string_view member) {
  if (const Json* identity = requirement.find(member)) check_identity(*identity);
}

void check_signed_by(const Json& json) {
  refuse_unknown(json, {"type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity"});
  check_one_of(json, {"keyPath", "keyPaths", "keyData"});
  check_texts(json, {"keyPath", "keyData"});
  check_lists(json, {"keyPaths"});
  check_base64(json, {"keyData"});
  const std::string type = json.text_at("keyType");
  if (type != "GPGKeys" && type != "signedByGPGKeys" && type != "X509Certificates" &&
      type != "signedByX509CAs") {
    refuse(fmt::format("\"{}\" is not a known \"keyType\"", printable(type)));
  }
  check_identity_of(json, "signedIdentity");
}

void check_fulcio(const Json& json) {
  const Json* fulcio = json.find("fulcio");
  if (fulcio == nullptr) return;
  refuse_unknown(*fulcio, {"caPath", "caData", "oidcIssuer", "subjectEmail"});
  check_one_of(*fulcio, {"caPath", "caData"});
  check_texts(*fulcio, {"caPath", "caData"});
  check_base64(*fulcio, {"caData"});
  need(*fulcio, {"oidcIssuer", "subjectEmail"});
}

void check_pki(const Json& json) {
  const Json* pki = json.find("pki");
  if (pki == nullptr) return;
  refuse_unknown(*pki, {"caRootsPath", "caRootsData", "caIntermediatesPath", "caIntermediatesData",
                        "subjectEmail", "subjectHostname"});
  check_one_of(*pki, {"caRootsPath", "caRootsData"});
  check_texts(*pki, {"caRootsPath", "caRootsData", "caIntermediatesPath", "caIntermediatesData",
                     "subjectEmail", "subjectHostname"});
  check_base64(*pki, {"caRootsData", "caIntermediatesData"});
  if (pki->find("subjectEmail") == nullptr && pki->find("subjectHostname") == nullptr)
    refuse("\"pki\" has neither \"subjectEmail\" nor \"subjectHostname\"");
}

/// The transparency log: needed with short-lived certificates, and meaningless with long-lived
/// ones.
void check_rekor(const Json& json) {
  const Names names = {"rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData",
                       "rekorPublicKeyDatas"};
  check_texts(json, {"rekorPublicKeyPath", "rekorPublicKeyData"});
  check_lists(json, {"rekorPublicKeyPaths", "rekorPublicKeyDatas"});
  check_base64(json, {"rekorPublicKeyData", "rekorPublicKeyDatas"});
  const size_t count = count_of(json, names);
  if (count > 1) refuse(fmt::format("at most one of {} is wanted", fmt::join(names, ", ")));
  if (count == 0 && json.find("fulcio") != nullptr)
    refuse(fmt::format("\"fulcio\" needs one of {}", fmt::join(names, ", ")));
  if (count == 1 && json.find("pki") != nullptr)
    refuse(fmt::format("\"pki\" excludes {}", fmt::join(names, ", ")));
}

void check_sigstore_signed(const Json& json) {
  refuse_unknown(json, {"type", "keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki",
                        "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData",
                        "rekorPublicKeyDatas", "signedIdentity"});
  check_one_of(json, {"keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki"});
  check_texts(json, {"keyPath", "keyData"});
  check_lists(json, {"keyPaths", "keyDatas"});
  check_base64(json, {"keyData", "keyDatas"});
  check_rekor(json);
  check_fulcio(json);
  check_pki(json);
  check_identity_of(json, "signedIdentity");
}

Requirement::Kind check(const Json& json) {
  using Kind = Requirement::Kind;
  json.members("a policy requirement");
  const std::string type = json.text_at("type");
  if (type == "insecureAcceptAnything" || type == "reject") {
    refuse_unknown(json, {"type"});
    return type == "reject" ? Kind::reject : Kind::accept_anything;
  }
  if (type == "signedBy") {
    check_signed_by(json);
    return Kind::signed_by;
  }
  if (type == "signedBaseLayer") {
    refuse_unknown(json, {"type", "baseLayerIdentity"});
    check_identity(json.at("baseLayerIdentity"));
    return Kind::signed_base_layer;
  }
  if (type == "sigstoreSigned") {
    check_sigstore_signed(json);
    return Kind::sigstore_signed;
  }
  refuse(fmt::format("\"{}\" is not a known type of policy requirement", printable(type)));
}

}  // namespace

void refuse_unknown(const Json& object, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object.members("an object")) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      refuse(fmt::format("\"{}\" is not a known member here", printable(name)));
    if (value.is_null()) refuse(fmt::format("\"{}\" is null", printable(name)));
  }
}

Requirement Requirement::parse(const Json& json) { return {check(json), json}; }

Requirements parse_requirements(const Json& json) {
  Requirements out;
  for (const Json& item : json.items("the list of policy requirements"))
    out.push_back(Requirement::parse(item));
  if (out.empty()) refuse("the list of policy requirements is empty");
  return out;
}

}  // namespace sealos::policy
