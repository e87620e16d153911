#include "branch.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sealos::ostree {
namespace {

bool stays(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-';
}

}  // namespace

std::string image_branch(std::string_view image) {
  std::string out = std::string(kBranches) + "/";
  for (const char c : image) {
    if (stays(c)) {
      out += c;
    } else {
      out += fmt::format("_{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string blob_branch(const Digest& digest) {
  if (digest.algorithm() != "sha256") {
    throw Error(Status::unsupported,
                fmt::format("blob {}: an ostree repository has blobs with sha256 digests only",
                            digest.brief()));
  }
  return fmt::format("{}/{}", kBranches, digest.hex());
}

std::optional<std::string> image_of_branch(std::string_view branch) {
  if (branch.empty() || blob_of_branch(branch)) return std::nullopt;
  std::string out;
  while (!branch.empty()) {
    if (stays(branch[0])) {
      out += branch[0];
      branch.remove_prefix(1);
      continue;
    }
    unsigned char byte = 0;
    const auto digits = branch.substr(1, 2);
    const auto end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, byte, 16);
    if (branch[0] != '_' || digits.size() != 2 || error != std::errc() || at != end)
      return std::nullopt;
    out += static_cast<char>(byte);
    branch.remove_prefix(3);
  }
  return out;
}

std::optional<Digest> blob_of_branch(std::string_view branch) {
  return Digest::parse("sha256:" + std::string(branch));
}

}  // namespace sealos::ostree
