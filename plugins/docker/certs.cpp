#include "certs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace sealos::docker {
namespace {

namespace fs = std::filesystem;

std::string partner_of(const fs::path& file, std::string_view extension) {
  return fs::path(file).replace_extension(extension).string();
}

}  // namespace

void read_certificate_folder(const std::string& folder, http::TlsOptions& into) {
  std::error_code problem;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, problem)) files.push_back(entry.path());
  if (problem && problem != std::errc::no_such_file_or_directory)
    throw Error(problem == std::errc::permission_denied ? Status::io : Status::invalid,
                fmt::format("reading certificates in {}: {}", folder, problem.message()));
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string extension = file.extension().string();
    if (extension == ".crt") into.ca_files.push_back(file.string());
    if (extension == ".cert") {
      const std::string key = partner_of(file, ".key");
      if (!fs::exists(key))
        throw Error(Status::invalid,
                    fmt::format("missing key {} for client certificate {}; CA certificates have "
                                "the extension .crt",
                                key, file.string()));
      into.client_pairs.push_back({file.string(), key});
    }
    if (extension == ".key" && !fs::exists(partner_of(file, ".cert")))
      throw Error(Status::invalid, fmt::format("missing client certificate {} for key {}",
                                               partner_of(file, ".cert"), file.string()));
  }
}

http::TlsOptions tls_options(const sdk::Host& host, const std::string& domain, bool verify) {
  http::TlsOptions options;
  options.verify = verify;
  if (const auto folder = host.option("cert-dir")) {
    std::error_code ignored;
    if (!fs::is_directory(*folder, ignored))
      throw Error(Status::invalid, fmt::format("cert-dir \"{}\" is no folder", printable(*folder)));
    try {
      read_certificate_folder(*folder, options);
    } catch (Error& e) {
      throw e.add_context("cert-dir");
    }
    return options;
  }
  std::vector<std::string> roots;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != 0)
    roots.push_back(std::string(home) + "/.config/containers/certs.d");
  roots.emplace_back("/etc/containers/certs.d");
  roots.emplace_back("/etc/docker/certs.d");
  for (const std::string& root : roots) {
    std::error_code ignored;
    const std::string folder = root + "/" + domain;
    if (!fs::is_directory(folder, ignored)) continue;
    read_certificate_folder(folder, options);
    break;
  }
  return options;
}

}  // namespace sealos::docker
