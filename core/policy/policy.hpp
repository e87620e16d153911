// policy.json: which images may be read, the same file and meaning as for podman and skopeo.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/environment.hpp"
#include "core/policy/requirement.hpp"
#include "core/policy/signature_check.hpp"

namespace sealos::policy {

/// What a transport says of a reference (abi.h: canonical, policy_identity, policy_namespaces).
struct PolicyImage {
  std::string transport;                ///< "docker"
  std::string name;                     ///< for messages: "docker://example.com/app:1"
  std::string identity;                 ///< "": only the transport's default applies
  std::vector<std::string> namespaces;  ///< wider and wider
};

/// The requirements that apply to an image, and where they stand.
struct PolicyMatch {
  const Requirements& requirements;
  std::string where;  ///< "the default", "transport docker", "example.com/ns of transport docker"
};

/// A checked policy.json; a value, safe to use from any thread.
class Policy {
 public:
  /// Everything may be read.
  static Policy accept_anything();

  /// Nothing may be read, since there is none of the files that load looks for.
  static Policy missing(const config::Environment& env);

  /// The file that --signature-policy names; or else the user's, ~/.config/containers/policy.json;
  /// or else /etc/containers/policy.json. nullopt: neither of the two exists (podman and skopeo
  /// refuse to copy then). Throws SEALOS_NOT_FOUND where the named one is missing and
  /// SEALOS_INVALID, naming the file, where one is wrong.
  static std::optional<Policy> load(const std::optional<std::string>& named,
                                    const config::Environment& env);

  /// path is for messages.
  static Policy parse(std::string path, std::string_view text);

  /// Images of a transport that the file does not list may be read, whatever its default is.
  void accept_unlisted(const std::string& transport);

  /// Asks a transport whether the scopes that the file has for it make sense. `check` throws.
  void check_scopes(const std::string& transport,
                    const std::function<void(const std::string& scope)>& check) const;

  PolicyMatch match(const PolicyImage& image) const;

  /// Throws SEALOS_DENIED, naming image, file and place in it, where the image may not be read
  /// whatever its signatures are, or where they could not be checked.
  void require_allowed(const PolicyImage& image) const;

  /// Whether signatures have a say in whether the image may be read.
  bool wants_signatures(const PolicyImage& image) const;

  /// Throws SEALOS_DENIED unless the signatures meet every requirement; for each instance that is
  /// copied, before more than its manifest is read.
  void require_signed(const PolicyImage& image, const SignedImage& found, KeyRings& rings) const;

  const std::string& path() const { return path_; }

 private:
  Policy() = default;

  std::string path_;
  std::string missing_;  ///< why nothing may be read, by default; "": default_ says what may
  Requirements default_;
  /// Transport, then scope; the scope "" is the transport's default.
  std::map<std::string, std::map<std::string, Requirements>> transports_;
};

}  // namespace sealos::policy
