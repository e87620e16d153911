#include "support/http/system_trust.hpp"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace sealos::http {
namespace {

struct FreeStoreContext {
  void operator()(X509_STORE_CTX* it) const { X509_STORE_CTX_free(it); }
};

/// Whether a folder has links such as "5ed36f99.0".
bool is_hashed(const char* folder) {
  DIR* open = ::opendir(folder);
  if (open == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(open)) {
    const char* name = entry->d_name;
    found = std::strlen(name) == 10 && std::strspn(name, "0123456789abcdef") == 8 &&
            std::strcmp(name + 8, ".0") == 0;
    if (found) break;
  }
  ::closedir(open);
  return found;
}

/// Whether more authorities could turn the verdict.
bool is_for_want_of_issuer(int verdict) {
  return verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         verdict == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
         verdict == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

/// Reads the file with all authorities into the store; several threads may come at once, and
/// reading it twice does no harm.
bool read_bundle(X509_STORE* store) {
  const bool read = X509_STORE_load_file(store, X509_get_default_cert_file()) == 1;
  ERR_clear_error();
  return read;
}

/// Called by OpenSSL for the certificates of a server: its own check, and once more with the whole
/// bundle where an issuer is missing.
int verify(X509_STORE_CTX* asked, void*) {
  if (X509_verify_cert(asked) == 1) return 1;
  X509_STORE* store = X509_STORE_CTX_get0_store(asked);
  if (!is_for_want_of_issuer(X509_STORE_CTX_get_error(asked)) || !read_bundle(store)) return 0;
  const std::unique_ptr<X509_STORE_CTX, FreeStoreContext> again(X509_STORE_CTX_new());
  if (again == nullptr ||
      X509_STORE_CTX_init(again.get(), store, X509_STORE_CTX_get0_cert(asked),
                          X509_STORE_CTX_get0_untrusted(asked)) != 1 ||
      X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(again.get()),
                             X509_STORE_CTX_get0_param(asked)) != 1)
    return 0;
  const int trusted = X509_verify_cert(again.get());
  X509_STORE_CTX_set_error(asked, X509_STORE_CTX_get_error(again.get()));
  return trusted == 1 ? 1 : 0;
}

}  // namespace

void trust_system(SSL_CTX* context) {
  const bool named = std::getenv(X509_get_default_cert_file_env()) != nullptr ||
                     std::getenv(X509_get_default_cert_dir_env()) != nullptr;
  if (named || !is_hashed(X509_get_default_cert_dir())) {
    SSL_CTX_set_default_verify_paths(context);
    return;
  }
  SSL_CTX_set_default_verify_dir(context);
  SSL_CTX_set_cert_verify_callback(context, &verify, nullptr);
}

}  // namespace sealos::http
