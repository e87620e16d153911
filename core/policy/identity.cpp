#include "core/policy/identity.hpp"

namespace sealos::policy {
namespace {

/// A name that a signature may carry; nullopt: it is none.
std::optional<DockerName> parse_signed(const std::string& text) {
  try {
    return DockerName::parse(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// cosign signs names without one, which count where any tag would do.
bool has_tag_or_digest(const DockerName& name) { return !name.tag.empty() || name.digest; }

bool matches_repo_digest_or_exact(const DockerName& image, const DockerName& in_signature) {
  if (!has_tag_or_digest(in_signature)) return false;
  if (image.digest) return image.repository() == in_signature.repository();
  return !image.tag.empty() && image == in_signature;
}

/// The image's name with the rule's prefix replaced; unchanged where it does not begin with it.
/// nullopt: what comes out is no name.
std::optional<DockerName> remapped(const DockerName& image, const Json& rule) {
  const std::string prefix = rule.text_at("prefix");
  const std::string text = image.str();
  const bool begins = text.starts_with(prefix) &&
                      (text.size() == prefix.size() ||
                       std::string_view("/:@").find(text[prefix.size()]) != std::string_view::npos);
  if (!begins) return image;
  return parse_signed(rule.text_at("signedPrefix") + text.substr(prefix.size()));
}

}  // namespace

bool identity_accepts(const Json* rule, const std::optional<DockerName>& image,
                      const std::string& signed_reference) {
  const std::optional<DockerName> in_signature = parse_signed(signed_reference);
  if (!in_signature) return false;
  const std::string type = rule == nullptr ? "matchRepoDigestOrExact" : rule->text_at("type");
  if (type == "exactReference") {
    return has_tag_or_digest(*in_signature) &&
           DockerName::parse(rule->text_at("dockerReference")) == *in_signature;
  }
  if (type == "exactRepository") {
    return DockerName::parse(rule->text_at("dockerRepository")).repository() ==
           in_signature->repository();
  }
  if (!image) return false;
  if (type == "matchExact") return has_tag_or_digest(*in_signature) && *image == *in_signature;
  if (type == "matchRepository") return image->repository() == in_signature->repository();
  if (type == "matchRepoDigestOrExact") return matches_repo_digest_or_exact(*image, *in_signature);
  if (type != "remapIdentity") return false;
  const std::optional<DockerName> other = remapped(*image, *rule);
  return other && matches_repo_digest_or_exact(*other, *in_signature);
}

}  // namespace sealos::policy
