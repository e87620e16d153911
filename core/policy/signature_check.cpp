#include "core/policy/signature_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config/environment.hpp"
#include "core/config/secret.hpp"
#include "core/gpg/gpg.hpp"
#include "core/policy/identity.hpp"
#include "core/signing/sigstore.hpp"
#include "core/signing/simple_signing.hpp"

namespace sealos::policy {
namespace {

std::string read_key(const std::string& path) {
  if (auto text = config::read_file_if_there(path)) return *std::move(text);
  throw Error(Status::not_found,
              fmt::format("key {} of the signature policy does not exist", printable(path)));
}

/// The keys that a requirement trusts, wherever it has them.
std::vector<std::string> keys_of(const Json& details) {
  std::vector<std::string> keys;
  const auto add = [&](const char* member, auto&& read) {
    const Json* value = details.find(member);
    if (value == nullptr) return;
    if (value->is_string()) {
      keys.push_back(read(value->string(member)));
    } else {
      for (const Json& one : value->items(member)) keys.push_back(read(one.string(member)));
    }
  };
  const auto decode = [](const std::string& text) { return *config::decode_base64(text); };
  add("keyPath", read_key);
  add("keyPaths", read_key);
  add("keyData", decode);
  add("keyDatas", decode);
  return keys;
}

/// What a signature that is genuine says must be of this image.
std::string why_other_image(const signing::Payload& payload, const Requirement& requirement,
                            const SignedImage& image) {
  if (payload.manifest != image.manifest) {
    return fmt::format("it is a signature of {}", payload.manifest.brief());
  }
  if (!identity_accepts(requirement.details.find("signedIdentity"), image.name,
                        payload.reference)) {
    return fmt::format("a signature for \"{}\" is not accepted", printable(payload.reference));
  }
  return "";
}

std::string why_not_simple(gpg::Gpg& ring, const std::vector<std::string>& trusted,
                           const Item& item, const Requirement& requirement,
                           const SignedImage& image) {
  if (!signing::is_simple_signature(item.data)) return "it is no OpenPGP message";
  const gpg::Verified message = ring.verify(item.data);
  if (message.signers.size() != 1) {
    return fmt::format("it has {} signers, not one", message.signers.size());
  }
  const gpg::Verified::Signer& signer = message.signers[0];
  if (!signer.problem.empty()) {
    return fmt::format("key {}: {}", printable(signer.fingerprint), signer.problem);
  }
  if (std::find(trusted.begin(), trusted.end(), signer.fingerprint) == trusted.end()) {
    return fmt::format("key {} is not trusted", printable(signer.fingerprint));
  }
  return why_other_image(signing::parse_payload(message.payload), requirement, image);
}

std::string why_not_sigstore(const std::vector<std::string>& keys, const Item& item,
                             const Requirement& requirement, const SignedImage& image) {
  const auto signature = signing::SigstoreSignature::parse(item.data);
  if (!signing::signed_by_any(signature, keys)) return "no trusted key made it";
  return why_other_image(signing::parse_sigstore_payload(signature.payload), requirement, image);
}

/// The first good one ends the search; otherwise the reasons of all.
template <typename Why>
std::string search(const SignedImage& image, const char* label, Why&& why_not) {
  std::string reasons;
  for (const Item& item : image.signatures) {
    if (item.label != label) continue;
    std::string reason;
    try {
      reason = why_not(item);
    } catch (const Error& e) {
      reason = e.message();
    }
    if (reason.empty()) return "";
    if (reasons.find(reason) == std::string::npos)
      reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  return reasons.empty() ? "the image has no such signature" : reasons;
}

}  // namespace

std::string why_undecidable(const Requirement& requirement) {
  const Json& details = requirement.details;
  if (requirement.kind == Requirement::Kind::signed_base_layer) return "it is not supported";
  if (requirement.kind == Requirement::Kind::signed_by && details.text_at("keyType") != "GPGKeys") {
    return fmt::format("keyType {} is not supported", printable(details.text_at("keyType")));
  }
  if (requirement.kind != Requirement::Kind::sigstore_signed) return "";
  for (const auto& [name, value] : details.members("a policy requirement")) {
    if (name == "fulcio" || name == "pki" || name.starts_with("rekor")) {
      return fmt::format("{} is not supported, only keys are", name);
    }
  }
  return "";
}

std::string why_not_signed(const Requirement& requirement, const SignedImage& image,
                           KeyRings& rings) {
  const std::vector<std::string> keys = keys_of(requirement.details);
  if (requirement.kind == Requirement::Kind::sigstore_signed) {
    return search(image, "sigstore-json", [&](const Item& item) {
      return why_not_sigstore(keys, item, requirement, image);
    });
  }
  KeyRings::Ring& ring = rings.of(keys);
  if (ring.trusted.empty()) return "the policy's key file has no OpenPGP key";
  const std::lock_guard lock(ring.mutex);
  return search(image, "simple-signing", [&](const Item& item) {
    return why_not_simple(*ring.home, ring.trusted, item, requirement, image);
  });
}

}  // namespace sealos::policy
