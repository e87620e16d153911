#include "support/http/tls.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "sealos/sdk/error.hpp"
#include "support/http/system_trust.hpp"
#include "support/http/tls_impl.hpp"

namespace sealos::http {
namespace {

struct FreeBio {
  void operator()(BIO* it) const { BIO_free(it); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

[[noreturn]] void refuse(const std::string& file, std::string_view what) {
  const std::string why = tls_error_text();
  throw Error(Status::invalid,
              fmt::format("reading {} {}: {}", what, file, why.empty() ? "it has none" : why));
}

/// Of a file, or of a text, which is "given" in messages.
struct Pem {
  std::string source;
  bool text = false;

  std::string name() const { return text ? "that is given" : source; }
  Bio open(std::string_view what) const {
    Bio bio(text ? BIO_new_mem_buf(source.data(), static_cast<int>(source.size()))
                 : BIO_new_file(source.c_str(), "r"));
    if (bio == nullptr) refuse(name(), what);
    return bio;
  }
};

std::vector<std::unique_ptr<X509, FreeSsl>> read_certificates(const Pem& pem) {
  const Bio bio = pem.open("certificates of");
  std::vector<std::unique_ptr<X509, FreeSsl>> found;
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    found.emplace_back(one);
  if (found.empty()) refuse(pem.name(), "certificates of");
  ERR_clear_error();
  return found;
}

TlsContext::Impl::Client read_client(const TlsOptions::Pair& pair) {
  const Pem certificate{pair.certificate, pair.texts}, key{pair.key, pair.texts};
  TlsContext::Impl::Client client;
  client.chain = read_certificates(certificate);
  const Bio bio = key.open("the private key");
  // Without a terminal there is no one to ask for a pass phrase.
  const auto no_phrase = [](char*, int, int, void*) { return -1; };
  client.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_phrase, nullptr));
  if (client.key == nullptr) refuse(key.name(), "the private key");
  if (X509_check_private_key(client.chain.front().get(), client.key.get()) != 1)
    throw Error(Status::invalid, fmt::format("the key {} does not fit the certificate {}",
                                             key.name(), certificate.name()));
  return client;
}

void trust(SSL_CTX* context, const Pem& pem) {
  for (const auto& certificate : read_certificates(pem))
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
}

bool issued_by_one_of(const TlsContext::Impl::Client& client, const STACK_OF(X509_NAME) * names) {
  for (const auto& certificate : client.chain) {
    for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
      if (X509_NAME_cmp(X509_get_issuer_name(certificate.get()), sk_X509_NAME_value(names, i)) == 0)
        return true;
    }
  }
  return false;
}

/// Called by OpenSSL when the server asks for a certificate.
int choose_client(SSL* ssl, void* impl) {
  const auto& clients = static_cast<TlsContext::Impl*>(impl)->clients;
  const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(ssl);
  const TlsContext::Impl::Client* chosen = &clients.front();
  for (const auto& client : clients) {
    if (names == nullptr || sk_X509_NAME_num(names) == 0 || issued_by_one_of(client, names)) {
      chosen = &client;
      break;
    }
  }
  SSL_use_certificate(ssl, chosen->chain.front().get());
  SSL_use_PrivateKey(ssl, chosen->key.get());
  for (size_t i = 1; i < chosen->chain.size(); ++i)
    SSL_add1_chain_cert(ssl, chosen->chain[i].get());
  return 1;
}

}  // namespace

std::string tls_error_text() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:x}", code);
}

TlsContext::TlsContext(const TlsOptions& options) : impl_(std::make_unique<Impl>()) {
  impl_->verify = options.verify;
  impl_->server_name = options.server_name;
  impl_->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = impl_->context.get();
  if (context == nullptr) throw Error(Status::internal, "OpenSSL has no TLS: " + tls_error_text());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  constexpr unsigned char kHttp11[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, kHttp11, sizeof(kHttp11) - 1);
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (options.verify && options.trust_system) trust_system(context);
  for (const std::string& file : options.ca_files) trust(context, {file});
  for (const std::string& text : options.ca_texts) trust(context, {text, true});
  for (const auto& pair : options.client_pairs) impl_->clients.push_back(read_client(pair));
  if (!impl_->clients.empty()) SSL_CTX_set_cert_cb(context, &choose_client, impl_.get());
  ERR_clear_error();
}

TlsContext::~TlsContext() = default;

std::unique_ptr<SSL, FreeSsl> TlsContext::Impl::make(const std::string& reached) const {
  const std::string& host = server_name.empty() ? reached : server_name;
  std::unique_ptr<SSL, FreeSsl> ssl(SSL_new(context.get()));
  if (ssl == nullptr) throw Error(Status::internal, "OpenSSL: " + tls_error_text());
  unsigned char address[16];
  const bool is_address = ::inet_pton(AF_INET, host.c_str(), address) == 1 ||
                          ::inet_pton(AF_INET6, host.c_str(), address) == 1;
  // RFC 6066: a server name is never an address.
  if (!is_address) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  if (!verify) return ssl;
  X509_VERIFY_PARAM* check = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_hostflags(
      check, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str())
                             : X509_VERIFY_PARAM_set1_host(check, host.c_str(), host.size());
  if (set != 1) throw Error(Status::internal, "OpenSSL does not take the name " + host);
  return ssl;
}

}  // namespace sealos::http
