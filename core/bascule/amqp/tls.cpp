#include "bascule/amqp/tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include "bascule/amqp/buffered_stream.hpp"
#include "bascule/amqp/tls_transport.hpp"

namespace bascule::amqp {
namespace {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // Boost's base class
// What is wrong with a certificate, in OpenSSL's words.
class CertificateErrors final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "certificate"; }
  std::string message(int code) const override {
    return std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(code);
  }
};
#pragma GCC diagnostic pop

struct Tls {
  explicit Tls(std::shared_ptr<TlsSocket> s) : tls(std::move(s)) {}
  template <class Handler>
  void read(asio::mutable_buffer buffer, Handler&& handler) {
    tls->stream.async_read_some(buffer, std::forward<Handler>(handler));
  }
  template <class Handler>
  void write(asio::const_buffer buffer, Handler&& handler) {
    asio::async_write(tls->stream, buffer, std::forward<Handler>(handler));
  }
  asio::ip::tcp::socket& socket() { return tls->stream.next_layer(); }
  std::shared_ptr<TlsSocket> tls;
};

std::unique_ptr<Stream> make_tls_stream(std::shared_ptr<TlsSocket> socket) {
  auto peer = peer_of(socket->stream.next_layer());
  auto shown = peer_by_certificate(*socket);
  return std::make_unique<BufferedStream<Tls>>(std::make_shared<Tls>(std::move(socket)), std::move(peer), true,
                                               std::move(shown));
}

TlsDone into_stream(StreamDone done) {
  return [done = std::move(done)](error_code error, std::shared_ptr<TlsSocket> socket) mutable {
    done(error, error ? nullptr : make_tls_stream(std::move(socket)));
  };
}

void expect_host(SSL* ssl, const std::string& host) {
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
  if (!not_an_address) {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size());
  SSL_set_tlsext_host_name(ssl, host.c_str());
}

}  // namespace

error_code explain(error_code error, SSL* ssl) {
  static const CertificateErrors certificates;
  const auto verified = SSL_get_verify_result(ssl);
  if (error.category() != asio::error::get_ssl_category() || verified == X509_V_OK) return error;
  return {static_cast<int>(verified), certificates};
}

std::string peer_of(const asio::ip::tcp::socket& socket) {
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return {};
  const auto address = remote.address().to_string();
  return (remote.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(remote.port());
}

std::function<void()> tls_accept(asio::ip::tcp::socket socket, std::shared_ptr<TlsContext> context,
                                 std::shared_ptr<TlsWorkers> workers, StreamDone done) {
  return tls_server_handshake(std::move(socket), std::move(context), std::move(workers), into_stream(std::move(done)));
}

std::function<void()> tls_connect(asio::ip::tcp::socket socket, std::shared_ptr<TlsContext> context,
                                  const std::string& host, StreamDone done) {
  auto tls = std::make_shared<TlsSocket>(std::move(socket), std::move(context));
  expect_host(tls->stream.native_handle(), host);
  error_code ignored;
  tls->stream.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
  auto& stream = tls->stream;
  stream.async_handshake(asio::ssl::stream_base::client,
                         [tls, told = into_stream(std::move(done))](error_code error) mutable {
                           if (error) error = explain(error, tls->stream.native_handle());
                           told(error, std::move(tls));
                         });
  return [weak = std::weak_ptr(tls)] {
    error_code closing;
    if (const auto it = weak.lock()) it->stream.next_layer().close(closing);
  };
}

}  // namespace bascule::amqp
