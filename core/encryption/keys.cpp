#include "core/encryption/keys.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "core/config/secret.hpp"
#include "core/gpg/gpg.hpp"

namespace sealos::encryption {
namespace {

constexpr size_t kMostPassphrase = 4096;

std::string read_key_file(const std::string& path) {
  if (auto text = config::read_file_if_there(path)) return *std::move(text);
  throw Error(Status::not_found, "key file " + printable(path) + " does not exist");
}

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string read_passphrase_from(int fd) {
  std::string text(kMostPassphrase, 0);
  size_t used = 0;
  ssize_t n = 0;
  while (used < text.size() && (n = ::read(fd, text.data() + used, text.size() - used)) > 0) {
    used += static_cast<size_t>(n);
  }
  if (n < 0) throw Error(Status::invalid, fmt::format("no passphrase can be read from fd={}", fd));
  text.resize(used);
  return text;
}

/// pass=TEXT, file=PATH, fd=NUMBER, or the text. Line ends behind it do not belong to it.
std::string passphrase_of(std::string_view spec) {
  std::string text;
  if (spec.starts_with("pass=")) {
    return std::string(spec.substr(5));
  } else if (spec.starts_with("file=")) {
    text = read_key_file(std::string(spec.substr(5)));
  } else if (spec.starts_with("fd=")) {
    int fd = -1;
    const char* end = spec.data() + spec.size();
    if (std::from_chars(spec.data() + 3, end, fd).ptr != end || fd < 0) {
      throw Error(Status::invalid, "fd=NUMBER names the descriptor to read a passphrase from");
    }
    text = read_passphrase_from(fd);
  } else {
    return std::string(spec);
  }
  const config::WipeAtEnd wiped(text);
  return std::string(without_line_end(text));
}

std::pair<KeyProvider, std::string> provider_of(std::string_view spec,
                                                const config::Environment& env) {
  const size_t colon = spec.find(':');
  const std::string argument(colon == std::string_view::npos ? "" : spec.substr(colon + 1));
  return {KeyProvider::load(std::string(spec.substr(0, colon)), env), argument};
}

std::string pgp_recipient(const std::string& wanted) {
  const std::vector<gpg::KeyName> found = gpg::Gpg::of_user()->find(wanted, false);
  if (found.empty()) {
    throw Error(Status::not_found,
                "no usable OpenPGP key in the key ring for " + printable(wanted));
  }
  if (found.size() > 1) {
    throw Error(Status::invalid, fmt::format("{} OpenPGP keys in the key ring are for {}: name one "
                                             "by its fingerprint",
                                             found.size(), printable(wanted)));
  }
  return found[0].fingerprint;
}

/// A binary OpenPGP message begins with a secret-key packet (RFC 4880, 4.2 and 4.3: tag 5).
bool is_secret_key_ring(std::string_view bytes) {
  const auto first = bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]);
  return (first & 0xc0) == 0xc0 ? (first & 0x3f) == 5
                                : (first & 0x80) != 0 && (first >> 2 & 15) == 5;
}

bool is_armoured_secret_key(std::string_view bytes) {
  return bytes.find("-----BEGIN PGP PRIVATE KEY BLOCK-----") != std::string_view::npos;
}

/// Where FILE ends and PASSPHRASE begins: the first colon, unless the whole names a file.
size_t end_of_file_name(const std::string& spec) {
  return ::access(spec.c_str(), F_OK) == 0 ? std::string::npos : spec.find(':');
}

void load_key_file(DecryptionKeys& keys, const std::string& spec, const KeyPlaces& places) {
  const size_t colon = end_of_file_name(spec);
  const std::string file = spec.substr(0, colon);
  std::optional<std::string> passphrase;
  const config::WipeAtEnd wipe_passphrase(passphrase);
  if (colon != std::string::npos)
    passphrase = passphrase_of(std::string_view(spec).substr(colon + 1));
  std::string bytes = read_key_file(file);
  const config::WipeAtEnd wiped(bytes);
  bool known = false;
  if (is_secret_key_ring(bytes) || is_armoured_secret_key(bytes)) {
    keys.pgp.push_back(
        std::make_shared<PgpKey>(file, bytes, passphrase, places.temp_dir, places.ask));
    return;
  }
  if (Certificate certificate = read_certificate(bytes)) {
    keys.certificates.push_back(std::move(certificate));
    known = true;
  }
  if (auto key = read_private_key(bytes, file, passphrase, places.ask)) {
    keys.keys.push_back(*std::move(key));
    known = true;
  }
  if (!known) {
    throw Error(Status::invalid, printable(file) + " is neither a private key nor a certificate");
  }
}

}  // namespace

Recipients Recipients::load(const std::vector<std::string>& specs, const KeyPlaces& places) {
  Recipients recipients;
  for (const std::string& spec : specs) {
    const size_t colon = spec.find(':');
    const std::string scheme = spec.substr(0, colon);
    const std::string value = colon == std::string::npos ? "" : spec.substr(colon + 1);
    if (value.empty()) {
      throw Error(Status::invalid, fmt::format("--encryption-key {}: expected SCHEME:VALUE with "
                                               "jwe, pkcs7, pgp or provider as the scheme",
                                               printable(spec)));
    }
    if (scheme == "jwe") {
      recipients.jwe.push_back(read_public_key(read_key_file(value), value));
    } else if (scheme == "pkcs7") {
      const Certificate certificate = read_certificate(read_key_file(value));
      if (!certificate) {
        throw Error(Status::invalid, printable(value) + " is not an X.509 certificate");
      }
      check_cms_recipient(certificate);
      recipients.pkcs7.push_back(certificate);
    } else if (scheme == "pgp") {
      recipients.pgp.push_back(pgp_recipient(value));
    } else if (scheme == "provider") {
      recipients.providers.push_back(provider_of(value, places.env));
    } else {
      throw Error(Status::invalid,
                  fmt::format("--encryption-key {}: unknown scheme; known are jwe, pkcs7, pgp and "
                              "provider",
                              printable(spec)));
    }
  }
  return recipients;
}

DecryptionKeys DecryptionKeys::load(const std::vector<std::string>& specs,
                                    const KeyPlaces& places) {
  DecryptionKeys keys;
  for (const std::string& spec : specs) {
    if (spec.starts_with("provider:")) {
      keys.providers.push_back(provider_of(std::string_view(spec).substr(9), places.env));
    } else {
      load_key_file(keys, spec, places);
    }
  }
  return keys;
}

}  // namespace sealos::encryption
