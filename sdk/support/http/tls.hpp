// Whom to trust over TLS, and who we are.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace sealos::http {

/// Files and texts are PEM.
struct TlsOptions {
  bool verify = true;                 ///< false: any certificate, for any name
  bool trust_system = true;           ///< false: the authorities given here alone
  std::vector<std::string> ca_files;  ///< trusted besides the system's authorities
  std::vector<std::string> ca_texts;  ///< as well
  struct Pair {
    std::string certificate, key;
    bool texts = false;  ///< they are the texts themselves, and not files
  };
  std::vector<Pair> client_pairs;  ///< offered where the server asks for one; the issuer chooses
  std::string server_name;         ///< what the certificate must show; "": the host of the address
};

/// Made once, then used by many connections from any thread.
class TlsContext {
 public:
  /// Throws SEALOS_INVALID, naming the file, for one that cannot be used.
  explicit TlsContext(const TlsOptions& options);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  struct Impl;
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sealos::http
