#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <stdexcept>

#include "bascule/amqp/tls_transport.hpp"

namespace bascule::amqp {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& file) {
  char reason[256] = "unknown reason";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  throw std::runtime_error("TLS: " + what + " '" + file + "': " + reason);
}

// A key with a passphrase must not make a daemon wait at a terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

void harden(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!SHA1") != 1) fail("cipher list", "");
  // Memory of idle connections: buffers go back while nothing is under way.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

void use_certificate(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) fail("certificate", certificate);
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) fail("key", key);
  if (SSL_CTX_check_private_key(context) != 1) fail("the key does not belong to the certificate", key);
}

void use_revocations(SSL_CTX* context, const std::string& file) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (lookup == nullptr || X509_load_crl_file(lookup, file.c_str(), X509_FILETYPE_PEM) < 1) fail("client_crl", file);
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
}

void verify_clients(SSL_CTX* context, const TlsServerOptions& options) {
  // These authorities and no others: nothing of the system's is loaded.
  if (SSL_CTX_load_verify_file(context, options.client_ca.c_str()) != 1) fail("client_ca", options.client_ca);
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(options.client_ca.c_str()));
  if (!options.client_crl.empty()) use_revocations(context, options.client_crl);
  SSL_CTX_set_verify(
      context, SSL_VERIFY_PEER | (options.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

std::shared_ptr<TlsContext> TlsContext::server(const TlsServerOptions& options) {
  auto state = std::make_unique<State>(asio::ssl::context::tls_server);
  SSL_CTX* const context = state->context.native_handle();
  harden(context);
  use_certificate(context, options.certificate, options.key);
  if (!options.client_ca.empty()) verify_clients(context, options);
  state->client_name = options.client_name;
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(state)));
}

std::shared_ptr<TlsContext> TlsContext::client(const TlsClientOptions& options) {
  auto state = std::make_unique<State>(asio::ssl::context::tls_client);
  SSL_CTX* const context = state->context.native_handle();
  harden(context);
  if (!options.certificate.empty()) use_certificate(context, options.certificate, options.key);
  if (!options.ca.empty()) {
    if (SSL_CTX_load_verify_file(context, options.ca.c_str()) != 1) fail("ca", options.ca);
  } else if (options.verify) {
    SSL_CTX_set_default_verify_paths(context);
  }
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(state)));
}

std::chrono::system_clock::time_point TlsContext::expires() const {
  return end_of(SSL_CTX_get0_certificate(state_->context.native_handle()));
}

}  // namespace bascule::amqp
