#include "core/hub/kubeconfig.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "core/config/environment.hpp"
#include "core/config/secret.hpp"
#include "core/yaml/yaml.hpp"

namespace sealos::hub {
namespace {

[[noreturn]] void refuse(const std::string& why, Status status = Status::invalid) {
  throw Error(status, why);
}

/// The entry of a list that has the name, and what it has under `key`.
const Yaml& named(const Yaml& file, const char* list, const char* key, const std::string& name) {
  const Yaml* entries = file.find(list);
  if (entries != nullptr) {
    for (const YamlNode& entry : entries->items) {
      const Yaml* value = entry->find(key);
      if (entry->text_at("name") == name && value != nullptr) return *value;
    }
  }
  refuse(fmt::format("{} has no \"{}\"", list, printable(name)));
}

class Reader {
 public:
  explicit Reader(const std::string& path) : folder_(std::filesystem::path(path).parent_path()) {}

  ClusterAccess read(const Yaml& file) {
    const std::string current = file.text_at("current-context");
    if (current.empty()) refuse("there is no current-context");
    const Yaml& context = named(file, "contexts", "context", current);
    read_cluster(named(file, "clusters", "cluster", context.text_at("cluster")));
    const std::string user = context.text_at("user");
    if (!user.empty()) read_user(named(file, "users", "user", user));
    return std::move(out_);
  }

 private:
  void read_cluster(const Yaml& cluster) {
    out_.server = cluster.text_at("server");
    while (out_.server.ends_with('/')) out_.server.pop_back();
    if (out_.server.empty()) refuse("the cluster has no server");
    http::Url::parse(out_.server);
    out_.tls.verify = !is_true(cluster, "insecure-skip-tls-verify");
    out_.tls.server_name = cluster.text_at("tls-server-name");
    const std::string authority = text_of(cluster, "certificate-authority");
    if (!authority.empty()) {
      out_.tls.trust_system = false;
      out_.tls.ca_texts = {authority};
    }
    const std::string proxy = cluster.text_at("proxy-url");
    out_.proxies = http::ProxyRules::from_environment();
    if (proxy.empty()) return;
    out_.proxies = http::ProxyRules::from_environment([&](const char* name) {
      const std::string_view asked = name;
      return asked == "HTTP_PROXY" || asked == "HTTPS_PROXY" ? proxy.c_str() : nullptr;
    });
    out_.proxies.proxy_for(http::Url::parse(out_.server));  // one of another kind is refused now
  }

  void read_user(const Yaml& user) {
    for (const char* key : {"exec", "auth-provider", "as", "as-groups", "as-uid"}) {
      if (user.find(key) != nullptr)
        refuse(fmt::format("the user has {}, which is not supported; use a token or a certificate",
                           key),
               Status::unsupported);
    }
    http::TlsOptions::Pair pair{text_of(user, "client-certificate"), text_of(user, "client-key"),
                                true};
    if (pair.certificate.empty() != pair.key.empty())
      refuse(fmt::format("the user has a client certificate or key without the other"));
    if (!pair.key.empty()) out_.tls.client_pairs = {std::move(pair)};
    std::string token = user.text_at("token");
    if (const std::string file = user.text_at("tokenFile"); !file.empty()) token = read(file);
    token.resize(token.find_last_not_of(" \t\r\n") + 1);
    const std::string name = user.text_at("username"), password = user.text_at("password");
    if (!token.empty()) {
      out_.authorization = "Bearer " + token;
    } else if (!name.empty()) {
      out_.authorization = "Basic " + config::encode_base64(name + ":" + password);
    }
  }

  static bool is_true(const Yaml& map, const char* key) {
    const std::string text = map.text_at(key);
    if (text.empty() || text == "false") return false;
    if (text == "true") return true;
    refuse(fmt::format("{} is true or false, not \"{}\"", key, printable(text)));
  }

  /// What stands in the file itself under KEY-data, or else in the file that KEY names.
  std::string text_of(const Yaml& map, const std::string& key) const {
    const std::string data = map.text_at(key + "-data");
    if (data.empty()) {
      const std::string path = map.text_at(key);
      return path.empty() ? "" : read(path);
    }
    const auto text = config::decode_base64(data);
    if (!text) refuse(key + "-data is no base64");
    return *text;
  }

  std::string read(const std::string& name) const {
    const std::string path = (folder_ / name).string();
    const auto text = config::read_file_if_there(path);
    if (!text) refuse(fmt::format("{} is missing", path), Status::not_found);
    return *text;
  }

  std::filesystem::path folder_;
  ClusterAccess out_;
};

}  // namespace

ClusterAccess read_kubeconfig(const std::string& path) {
  try {
    const auto text = config::read_file_if_there(path);
    if (!text) refuse("there is no such file", Status::not_found);
    const std::vector<YamlNode> documents = parse_yaml(*text);
    if (documents.empty()) refuse("it is empty");
    return Reader(path).read(*documents.front());
  } catch (Error& e) {
    throw e.add_context("kubeconfig " + printable(path));
  }
}

}  // namespace sealos::hub
