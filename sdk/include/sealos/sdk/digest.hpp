// A content digest as a type of its own. std only; hashing is elsewhere.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "sealos/sdk/error.hpp"

namespace sealos {

/// `algorithm:hex`, checked by grammar, so that its parts are safe as file names and in URLs.
/// Known are sha256, sha384 and sha512 with lower-case hex of the right length (OCI image-spec,
/// descriptor.md, "Digests").
class Digest {
 public:
  static std::optional<Digest> parse(std::string_view text) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const size_t length = hex_length(text.substr(0, colon));
    const std::string_view hex = text.substr(colon + 1);
    if (length == 0 || hex.size() != length) return std::nullopt;
    if (hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
    return Digest(std::string(text), colon);
  }

  /// As parse, but throws SEALOS_INVALID.
  static Digest require(std::string_view text) {
    if (auto digest = parse(text)) return *std::move(digest);
    throw Error(Status::invalid, "\"" + printable(text) + "\" is not a digest of a known kind");
  }

  std::string_view algorithm() const { return std::string_view(text_).substr(0, colon_); }
  std::string_view hex() const { return std::string_view(text_).substr(colon_ + 1); }
  const std::string& str() const { return text_; }
  /// For messages and progress: "sha256:" and twelve digits.
  std::string brief() const { return text_.substr(0, colon_ + 1 + 12); }

  bool operator==(const Digest& other) const { return text_ == other.text_; }
  auto operator<=>(const Digest& other) const { return text_ <=> other.text_; }

 private:
  Digest(std::string text, size_t colon) : text_(std::move(text)), colon_(colon) {}

  static size_t hex_length(std::string_view algorithm) {
    if (algorithm == "sha256") return 64;
    if (algorithm == "sha384") return 96;
    if (algorithm == "sha512") return 128;
    return 0;
  }

  std::string text_;
  size_t colon_;
};

}  // namespace sealos
