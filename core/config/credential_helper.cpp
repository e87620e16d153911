#include "core/config/credential_helper.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/config/auth_file.hpp"
#include "core/config/helper_process.hpp"
#include "core/config/secret.hpp"
#include "support/json/json.hpp"

namespace sealos::config {
namespace {

constexpr std::string_view kNotFound = "credentials not found in native keychain";
constexpr std::string_view kTokenUser = "<token>";

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

bool is_plain_name(std::string_view suffix) {
  return !suffix.empty() && std::all_of(suffix.begin(), suffix.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '+';
  });
}

/// Only absolute folders of PATH count: the current folder is never searched for programs.
std::string find_program(const std::string& name, std::string_view path) {
  while (!path.empty()) {
    const size_t colon = path.find(':');
    const std::string file = std::string(path.substr(0, colon)) + "/" + name;
    struct stat st;
    if (file[0] == '/' && ::stat(file.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
        ::access(file.c_str(), X_OK) == 0) {
      return file;
    }
    path = colon == std::string_view::npos ? std::string_view() : path.substr(colon + 1);
  }
  return {};
}

/// What a failed helper says, in one line, without the secret that it was given.
std::string explanation(const HelperResult& result, std::string_view secret) {
  std::string text = trimmed(result.output);
  if (text.empty()) text = trimmed(result.errors);
  text = text.substr(0, text.find('\n'));
  for (size_t at; !secret.empty() && (at = text.find(secret)) != std::string::npos;)
    text.replace(at, secret.size(), "(secret)");
  return text.empty() ? fmt::format("exit code {}", result.exit_code)
                      : fmt::format("exit code {}: {}", result.exit_code, printable(text));
}

}  // namespace

CredentialHelper::CredentialHelper(std::string suffix, const Environment& env,
                                   std::chrono::milliseconds timeout)
    : name_("docker-credential-" + suffix), env_(env), timeout_(timeout) {
  if (!is_plain_name(suffix))
    throw Error(Status::invalid,
                fmt::format("\"{}\" is not the name of a credential helper", printable(suffix)));
  program_ = find_program(name_, env.variable("PATH"));
}

/// The output; nullopt where the helper says that it has no such login.
std::optional<std::string> CredentialHelper::run(const char* verb, std::string_view input,
                                                 std::string_view secret) const {
  if (!installed())
    throw Error(Status::unauthenticated,
                fmt::format("credential helper {} is not found in PATH", name_));
  HelperResult result = run_helper(program_, {verb}, input, env_, timeout_);
  if (result.exit_code == 0) return std::move(result.output);
  const WipeAtEnd wiped(result.output);
  if (trimmed(result.output) == kNotFound) return std::nullopt;
  throw Error(Status::unauthenticated,
              fmt::format("credential helper {} {}: {}", name_, verb, explanation(result, secret)));
}

std::optional<sdk::Credentials> CredentialHelper::get(const std::string& server) const {
  keep_out_of_core_files();
  env_.debug(fmt::format("asking {} for the login of {}", name_, printable(server)));
  std::optional<std::string> output = run("get", server, "");
  if (!output) return std::nullopt;
  const WipeAtEnd wiped(*output);
  sdk::Credentials login;
  try {
    const Json answer = Json::parse(*output);
    login.username = answer.text_at("Username");
    (login.username == kTokenUser ? login.identity_token : login.password) =
        answer.text_at("Secret");
  } catch (const Error&) {
    // What the parser found wrong could quote the secret.
    throw Error(
        Status::unauthenticated,
        fmt::format("credential helper {} get: its answer is not the JSON of a login", name_));
  }
  if (login.username == kTokenUser) login.username.clear();
  if (login.username.empty() && login.password.empty() && login.identity_token.empty())
    return std::nullopt;
  return login;
}

std::optional<sdk::Credentials> CredentialHelper::get_for_host(std::string_view host) const {
  const std::vector<std::string> names = names_of_host(host);
  // docker.io may be stored under podman's name for it or docker's; nobody uses the fourth one.
  for (size_t i = 0; i < names.size() && i < 3; ++i) {
    if (auto login = get(names[i])) return login;
  }
  return std::nullopt;
}

void CredentialHelper::store(const std::string& server, const sdk::Credentials& login) const {
  const bool token = !login.identity_token.empty();
  const std::string& secret = token ? login.identity_token : login.password;
  Json request;
  request.set("ServerURL", server);
  request.set("Username", token ? std::string(kTokenUser) : login.username);
  request.set("Secret", secret);
  std::string input = request.dump();
  const WipeAtEnd wiped(input);
  if (!run("store", input, secret))
    throw Error(Status::unauthenticated,
                fmt::format("credential helper {} store: {}", name_, kNotFound));
}

bool CredentialHelper::erase(const std::string& server) const {
  return run("erase", server, "").has_value();
}

std::vector<std::pair<std::string, std::string>> CredentialHelper::list() const {
  const std::optional<std::string> output = run("list", "", "");
  std::vector<std::pair<std::string, std::string>> out;
  if (!output) return out;
  try {
    const Json answer = Json::parse(*output);
    if (answer.is_null()) return out;
    for (const auto& [server, user] : answer.members("the list"))
      out.emplace_back(server, user.string("user"));
  } catch (Error& e) {
    throw e.add_context(fmt::format("credential helper {} list", name_));
  }
  return out;
}

}  // namespace sealos::config
