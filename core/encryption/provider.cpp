#include "core/encryption/provider.hpp"

#include <fmt/format.h>

#include "core/config/helper_process.hpp"
#include "core/config/secret.hpp"
#include "support/json/json.hpp"

namespace sealos::encryption {
namespace {

constexpr std::chrono::seconds kTimeout{60};
constexpr const char* kVariable = "OCICRYPT_KEYPROVIDER_CONFIG";

/// {"Parameters":{"<name>":["<base64>"]}}
Json parameters(const std::string& name, const std::string& argument) {
  Json values = Json::array();
  values.push_back(encode_base64(argument.empty() ? "Enabled" : argument));
  return Json::object({{"Parameters", Json::object({{name, std::move(values)}})}});
}

Json no_parameters() { return Json::object({{"Parameters", Json::object()}}); }

}  // namespace

KeyProvider KeyProvider::load(const std::string& name, const config::Environment& env) {
  const std::string file = env.variable(kVariable);
  const auto text = file.empty() ? std::nullopt : config::read_file_if_there(file);
  if (!text) {
    throw Error(Status::not_found,
                fmt::format("key provider {} is not configured: {} names no file that is there",
                            printable(name), kVariable));
  }
  try {
    const Json json = Json::parse(*text);
    const Json* provider = json.at("key-providers").find(name);
    if (provider == nullptr) {
      throw Error(Status::not_found, "it has no key provider \"" + printable(name) + "\"");
    }
    const Json* command = provider->find("cmd");
    if (command == nullptr) {
      throw Error(Status::unsupported,
                  "key provider \"" + printable(name) + "\" is no program; gRPC is not supported");
    }
    std::vector<std::string> arguments;
    if (const Json* list = command->find("args")) {
      for (const Json& one : list->items("args")) arguments.push_back(one.string("args"));
    }
    const std::string program = command->at("path").string("path");
    if (!program.starts_with('/')) {
      throw Error(Status::invalid,
                  "the path of key provider \"" + printable(name) + "\" is not absolute");
    }
    return {name, program, std::move(arguments), env};
  } catch (Error& e) {
    throw e.add_context(printable(file));
  }
}

std::string KeyProvider::wrap(std::string_view options, const std::string& argument) const {
  std::string secret = encode_base64(options);
  const config::WipeAtEnd wiped(secret);
  Json request = Json::object(
      {{"op", "keywrap"},
       {"keywrapparams",
        Json::object(
            {{"ec", Json::object({{"Parameters", *parameters(name_, argument).find("Parameters")},
                                  {"DecryptConfig", no_parameters()}})},
             {"optsdata", secret}})},
       {"keyunwrapparams", Json::object({{"dc", nullptr}, {"annotation", nullptr}})}});
  const config::WipeAtEnd wipe_request(request);
  std::string text = request.dump();
  const config::WipeAtEnd wipe_text(text);
  return ask(text, "keywrapresults", "annotation");
}

std::string KeyProvider::unwrap(std::string_view annotation, const std::string& argument) const {
  const Json request = Json::object(
      {{"op", "keyunwrap"},
       {"keywrapparams", Json::object({{"ec", nullptr}, {"optsdata", nullptr}})},
       {"keyunwrapparams", Json::object({{"dc", parameters(name_, argument)},
                                         {"annotation", encode_base64(annotation)}})}});
  return ask(request.dump(), "keyunwrapresults", "optsdata");
}

std::string KeyProvider::ask(const std::string& request, const char* group,
                             const char* member) const {
  config::HelperResult result = config::run_helper(program_, arguments_, request, env_, kTimeout);
  const config::WipeAtEnd wiped(result.output);
  const std::string who = "key provider " + printable(name_);
  if (result.exit_code != 0) {
    throw Error(Status::unauthenticated,
                fmt::format("{} ended with code {}: {}", who, result.exit_code,
                            printable(result.errors, 200)));
  }
  try {
    Json answer = Json::parse(result.output);
    const config::WipeAtEnd wipe_answer(answer);
    const auto bytes = decode_base64(answer.at(group).at(member).string(member));
    if (!bytes || bytes->empty()) throw Error(Status::invalid, "its answer is not base64");
    return *bytes;
  } catch (Error& e) {
    throw e.add_context(who);
  }
}

}  // namespace sealos::encryption
