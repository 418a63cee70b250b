#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "bascule/amqp/tls_transport.hpp"

namespace bascule::amqp {
namespace {

using std::chrono::system_clock;

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

std::string name_in(X509* certificate, const std::string& kind) {
  if (kind == "subject") return whole_subject(certificate);
  if (kind == "dns") return alternative_name(certificate, GEN_DNS);
  if (kind == "email") return alternative_name(certificate, GEN_EMAIL);
  if (kind == "uri") return alternative_name(certificate, GEN_URI);
  return common_name(certificate);
}

}  // namespace

system_clock::time_point end_of(const X509* certificate) {
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
    return system_clock::time_point::max();
  }
  return system_clock::from_time_t(::timegm(&end));
}

// Shares what OpenSSL keeps for the connection anyway.
struct PeerCertificate::State {
  explicit State(SSL* ssl)
      : own(SSL_get1_peer_certificate(ssl)),
        // What the handshake made of it: up to the authority, which may have come from our side.
        chain(SSL_get0_verified_chain(ssl) != nullptr ? X509_chain_up_ref(SSL_get0_verified_chain(ssl)) : nullptr),
        ends(end_of(own)) {
    for (int i = 0; i < sk_X509_num(chain); ++i) ends = std::min(ends, end_of(sk_X509_value(chain, i)));
  }
  ~State() {
    sk_X509_pop_free(chain, X509_free);
    X509_free(own);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  X509* own;
  STACK_OF(X509) * chain;
  system_clock::time_point ends;
};

PeerCertificate::PeerCertificate(std::unique_ptr<State> state) : state_(std::move(state)) {}
PeerCertificate::~PeerCertificate() = default;

system_clock::time_point PeerCertificate::expires() const noexcept { return state_->ends; }

std::string PeerCertificate::why_distrusted(TlsContext& context) const {
  X509_STORE* const store = SSL_CTX_get_cert_store(context.state().context.native_handle());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                              &X509_STORE_CTX_free);
  if (!check || X509_STORE_CTX_init(check.get(), store, state_->own, state_->chain) != 1 ||
      X509_STORE_CTX_set_default(check.get(), "ssl_client") != 1) {
    return "it cannot be checked";
  }
  if (X509_verify_cert(check.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
}

TlsPeer peer_by_certificate(TlsSocket& socket) {
  SSL* const ssl = socket.stream.native_handle();
  X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return {};
  return {name_in(certificate, socket.context->state().client_name),
          std::make_shared<PeerCertificate>(std::make_unique<PeerCertificate::State>(ssl))};
}

}  // namespace bascule::amqp
