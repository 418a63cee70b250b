#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>
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

std::string text_of(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, value);
  if (size < 0) return {};
  std::string text(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  // A null within would read differently elsewhere; a control character has no business in a name.
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) return {};
  }
  return text.size() <= 256 ? text : std::string();
}

std::string common_name(X509* certificate) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  // Two names would be no name.
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

std::string whole_subject(X509* certificate) {
  BIO* const out = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

std::string alternative_name(X509* certificate, int kind) {
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::string found;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names) && found.empty(); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type == kind) found = text_of(name->d.ia5);
  }
  GENERAL_NAMES_free(names);
  return found;
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
  const X509* const certificate = SSL_CTX_get0_certificate(state_->context.native_handle());
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
    return std::chrono::system_clock::time_point::max();
  }
  return std::chrono::system_clock::from_time_t(::timegm(&end));
}

std::string external_user_of(TlsSocket& socket) {
  SSL* const ssl = socket.stream.native_handle();
  X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return {};
  const auto& kind = socket.context->state().client_name;
  if (kind == "subject") return whole_subject(certificate);
  if (kind == "dns") return alternative_name(certificate, GEN_DNS);
  if (kind == "email") return alternative_name(certificate, GEN_EMAIL);
  if (kind == "uri") return alternative_name(certificate, GEN_URI);
  return common_name(certificate);
}

}  // namespace bascule::amqp
