#include "cli/signing.hpp"

#include <fmt/format.h>

#include "cli/terminal.hpp"
#include "core/config/secret.hpp"
#include "core/install/install_paths.hpp"
#include "core/signing/signer.hpp"

namespace sealos::cli {
namespace {

std::string read_named(const std::string& flag, const std::string& path) {
  if (auto text = config::read_file_if_there(path)) return *std::move(text);
  throw Error(Status::not_found, fmt::format("{} {} does not exist", flag, printable(path)));
}

/// The first line of the file.
std::string read_passphrase(const std::string& path) {
  std::string text = read_named("--sign-passphrase-file", path);
  const config::WipeAtEnd wiped(text);
  const std::string_view line = std::string_view(text).substr(0, text.find_first_of("\r\n"));
  return std::string(line);
}

void check_combination(const PushOptions& o) {
  const size_t keys = o.sign_by.size() + o.sign_by_sigstore.size();
  if (keys == 0 && !o.sign_identity.empty())
    throw Error(Status::invalid, "--sign-identity needs --sign-by or its like");
  if (keys == 0 && !o.sign_passphrase_file.empty())
    throw Error(Status::invalid, "--sign-passphrase-file needs --sign-by or its like");
  if (keys > 1 && !o.sign_passphrase_file.empty()) {
    throw Error(Status::invalid,
                fmt::format("--sign-passphrase-file is for one key, and there are {}", keys));
  }
}

}  // namespace

void use_signers(const PushOptions& o, const Hooks& hooks, CopyRequest& request) {
  check_combination(o);
  request.sign_identity = o.sign_identity;
  const std::string creator = std::string("sealos ") + kVersion;
  signing::TellPassphrase from_file;
  if (!o.sign_passphrase_file.empty())
    from_file = [&o] { return read_passphrase(o.sign_passphrase_file); };
  const auto warn = [&](const std::string& text) { hooks.log(SEALOS_LOG_WARNING, text); };
  for (const std::string& key : o.sign_by)
    request.signers.push_back(signing::gpg_signer(key, from_file, creator, warn));
  for (const std::string& path : o.sign_by_sigstore) {
    std::string file = read_named("--sign-by-sigstore-private-key", path);
    const config::WipeAtEnd wiped(file);
    const auto ask = [&path] {
      return ask_on_terminal("Passphrase of " + printable(path) + ": ", false);
    };
    request.signers.push_back(
        signing::sigstore_signer(file, path, from_file ? from_file : ask, creator));
  }
}

}  // namespace sealos::cli
