// An Environment in a temporary folder, for tests. Link support_file.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/config/environment.hpp"
#include "core/config/secret.hpp"
#include "support/testing/temp_folder.hpp"

namespace sealos::config {

struct TestEnvironment {
  testing::TempFolder folder;
  Environment env;
  std::vector<std::string> logs;

  TestEnvironment() {
    env.user = 4711;
    env.home = folder.str("home");
    env.root = folder.str("root");
    env.variables["PATH"] = folder.str("bin") + ":/usr/bin:/bin";
    env.log = [this](int, const std::string& text) { logs.push_back(text); };
  }
  TestEnvironment(const TestEnvironment&) = delete;
  TestEnvironment& operator=(const TestEnvironment&) = delete;

  /// Writes a file below the folder and returns its whole path.
  std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) const {
    const std::filesystem::path path = folder.path / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path.string();
  }
  std::string read(const std::string& name) const {
    std::ifstream file(folder.path / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// A credential helper that is a shell script.
  void write_helper(const std::string& suffix, const std::string& body) const {
    write("bin/docker-credential-" + suffix, "#!/bin/sh\n" + body, 0755);
  }
  std::string all_logs() const {
    std::string out;
    for (const std::string& line : logs) out += line + "\n";
    return out;
  }
};

/// The text of an auth file with one login.
inline std::string one_login(const std::string& key, const std::string& user,
                             const std::string& password) {
  return R"({"auths":{")" + key + R"(":{"auth":")" + encode_base64(user + ":" + password) +
         R"("}}})";
}

}  // namespace sealos::config
