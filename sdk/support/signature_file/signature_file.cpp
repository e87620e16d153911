#include "support/signature_file/signature_file.hpp"

#include <fmt/format.h>

#include <string_view>

namespace sealos {
namespace {

constexpr std::string_view kSimpleSigning = "simple-signing";

/// First bytes of an OpenPGP message: compressed data, a one-pass signature, a signature, each with
/// an old-format or a new-format packet header (RFC 4880, section 4.2).
bool is_openpgp(unsigned char first) {
  return (first >= 0xa0 && first <= 0xa3) || first == 0xc8 || (first >= 0x90 && first <= 0x92) ||
         first == 0xc4 || (first >= 0x88 && first <= 0x8b) || first == 0xc2;
}

bool is_printable_ascii(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return !text.empty();
}

}  // namespace

Item parse_signature(std::string file, const std::string& name) {
  if (!file.empty() && is_openpgp(static_cast<unsigned char>(file.front())))
    return {std::string(kSimpleSigning), std::move(file)};
  const size_t end = file.find('\n');
  if (file.empty() || file.front() != '\0' || end == std::string::npos ||
      !is_printable_ascii(std::string_view(file).substr(1, end - 1))) {
    throw Error(Status::invalid, fmt::format("{} is no signature of a known form", name));
  }
  return {file.substr(1, end - 1), file.substr(end + 1)};
}

std::string signature_file(const Item& signature) {
  const bool bare = signature.label == kSimpleSigning && !signature.data.empty() &&
                    is_openpgp(static_cast<unsigned char>(signature.data.front()));
  if (bare) return signature.data;
  if (!is_printable_ascii(signature.label))
    throw Error(Status::invalid, "the format of a signature has no name");
  return std::string(1, '\0') + signature.label + "\n" + signature.data;
}

}  // namespace sealos
