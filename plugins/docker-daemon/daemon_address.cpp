#include "daemon_address.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "support/digest/hasher.hpp"
#include "support/file/file.hpp"
#include "support/http/url.hpp"
#include "support/json/json.hpp"

namespace sealos::docker_daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSocket = "/var/run/docker.sock";

/// What was said about the daemon, whoever said it.
struct Choice {
  std::string host, who;
  std::string certificates;  ///< folder; "": none named
  std::string named_by = "docker-daemon:";
  bool tls = false;  ///< wished for tcp
  bool verify = true;
};

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

fs::path docker_folder(const DaemonAddress::Environment& environment) {
  if (const auto named = environment("DOCKER_CONFIG")) return *named;
  return fs::path(environment("HOME").value_or("/root")) / ".docker";
}

std::optional<Json> read_json(const fs::path& path) {
  if (!is_there(path)) return std::nullopt;
  const Fd file = open_at(AT_FDCWD, path, O_RDONLY);
  try {
    return Json::parse(read_all(file.get(), path.string(), 1 << 20));
  } catch (Error& e) {
    throw e.add_context(path.string());
  }
}

std::string chosen_context(const DaemonAddress::Environment& environment) {
  if (const auto named = environment("DOCKER_CONTEXT")) return *named;
  const auto config = read_json(docker_folder(environment) / "config.json");
  return config ? config->text_at("currentContext") : std::string();
}

/// A context of the docker command: contexts/meta/<sha256 of its name>/meta.json.
std::optional<Choice> from_context(const DaemonAddress::Environment& environment) {
  const std::string name = chosen_context(environment);
  if (name.empty() || name == "default") return std::nullopt;
  const std::string hex(digest_of(name).hex());
  const fs::path folder = docker_folder(environment) / "contexts";
  const auto meta = read_json(folder / "meta" / hex / "meta.json");
  if (!meta) {
    throw Error(Status::not_found,
                fmt::format("docker-daemon: there is no docker context \"{}\"", printable(name)));
  }
  const Json& endpoint = meta->at("Endpoints").at("docker");
  Choice choice;
  choice.host = endpoint.text_at("Host");
  choice.who = fmt::format("the docker context \"{}\"", printable(name));
  if (const Json* skip = endpoint.find("SkipTLSVerify"))
    choice.verify = !skip->boolean("SkipTLSVerify");
  const fs::path certificates = folder / "tls" / hex / "docker";
  if (is_there(certificates)) choice.certificates = certificates;
  choice.tls = !choice.certificates.empty() || !choice.verify;
  return choice;
}

Choice choose(sdk::Host host, const DaemonAddress::Environment& environment) {
  Choice choice;
  if (const auto named = host.option("docker-daemon.host")) {
    choice.host = *named;
    choice.who = "docker-daemon.host";
  } else if (const auto variable = environment("DOCKER_HOST")) {
    choice.host = *variable;
    choice.who = "DOCKER_HOST";
  } else if (auto context = from_context(environment)) {
    choice = *std::move(context);
  }
  if (choice.host.empty()) {
    const auto runtime = environment("XDG_RUNTIME_DIR");
    const std::string own = runtime ? *runtime + "/docker.sock" : std::string();
    const bool use_own = !is_there(kSocket) && !own.empty() && is_there(own);
    choice.host = "unix://" + (use_own ? own : std::string(kSocket));
  }
  if (environment("DOCKER_TLS_VERIFY")) {
    choice.tls = true;
    if (choice.certificates.empty())
      choice.certificates =
          environment("DOCKER_CERT_PATH").value_or(docker_folder(environment).string());
  }
  if (const auto folder = host.option("cert-dir")) {
    std::error_code ignored;
    if (!fs::is_directory(*folder, ignored))
      throw Error(Status::invalid,
                  fmt::format("docker-daemon: cert-dir \"{}\" is no folder", printable(*folder)));
    choice.tls = true;
    choice.certificates = *folder;
    choice.named_by = "cert-dir";
  }
  if (const auto verify = host.flag("tls-verify")) {
    choice.verify = *verify;
    choice.tls = choice.tls || *verify;
  }
  return choice;
}

http::TlsOptions tls_options(const Choice& choice) {
  http::TlsOptions tls;
  tls.verify = choice.verify;
  if (choice.certificates.empty()) return tls;
  const fs::path folder = choice.certificates;
  if (is_there(folder / "ca.pem")) tls.ca_files.push_back(folder / "ca.pem");
  const bool certificate = is_there(folder / "cert.pem"), key = is_there(folder / "key.pem");
  if (certificate != key) {
    throw Error(Status::invalid, fmt::format("{} {} has only one of cert.pem and key.pem",
                                             choice.named_by, printable(folder.string())));
  }
  if (certificate) tls.client_pairs.push_back({folder / "cert.pem", folder / "key.pem"});
  return tls;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1";
}

DaemonAddress over_tcp(const Choice& choice, std::string_view scheme, std::string_view rest) {
  const bool tls = scheme == "https" || (scheme == "tcp" && choice.tls);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const bool has_port = authority.rfind(':') != std::string_view::npos && !authority.ends_with(']');
  std::string text = fmt::format("{}://{}", tls ? "https" : "http", authority);
  if (!has_port && scheme == "tcp") text += tls ? ":2376" : ":2375";
  text += rest.substr(authority.size());
  while (text.ends_with('/')) text.pop_back();
  const http::Url url = http::Url::parse(text);
  DaemonAddress address;
  address.given = choice.host;
  address.base = text;
  if (tls) address.tls = tls_options(choice);
  if (!tls && !is_loopback(url.host)) {
    address.warning = fmt::format(
        "docker-daemon: {} is talked to without TLS; whoever is in between can read and change "
        "images",
        url.authority());
  }
  return address;
}

}  // namespace

DaemonAddress DaemonAddress::find(sdk::Host host, const Environment& environment) {
  const Choice choice = choose(host, environment);
  const size_t mark = choice.host.find("://");
  const std::string_view scheme = std::string_view(choice.host).substr(0, mark);
  const std::string_view rest =
      mark == std::string::npos ? "" : std::string_view(choice.host).substr(mark + 3);
  if (scheme == "ssh") {
    throw Error(Status::unsupported,
                choice.who +
                    " is of the kind ssh://, which is not spoken; forward the socket with "
                    "ssh -L and name that");
  }
  if (!rest.empty() && scheme == "unix") {
    DaemonAddress address;
    address.given = choice.host;
    address.unix_socket = rest;
    address.base = "http://docker";
    return address;
  }
  if (!rest.empty() && (scheme == "tcp" || scheme == "http" || scheme == "https"))
    return over_tcp(choice, scheme, rest);
  throw Error(Status::invalid,
              fmt::format("{} \"{}\" names no daemon: it is unix:///PATH, tcp://HOST:PORT, "
                          "http://HOST:PORT or https://HOST:PORT",
                          choice.who, printable(choice.host)));
}

std::optional<std::string> process_environment(const char* name) {
  const char* value = ::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace sealos::docker_daemon
