// The private side of tls.hpp: the socket under TLS, for streams that go on top of it.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "bascule/amqp/tls.hpp"

namespace bascule::amqp {

struct TlsContext::State {
  explicit State(asio::ssl::context::method method) : context(method) {}
  asio::ssl::context context;
  std::string client_name;
};

struct TlsSocket {
  TlsSocket(asio::ip::tcp::socket socket, std::shared_ptr<TlsContext> c)
      : context(std::move(c)), stream(std::move(socket), context->state().context) {}
  /// Over the handshake, which `ssl` has been through: it becomes the stream's.
  TlsSocket(asio::ip::tcp::socket socket, std::shared_ptr<TlsContext> c, SSL* ssl)
      : context(std::move(c)), stream(std::move(socket), ssl) {}
  std::shared_ptr<TlsContext> context;
  asio::ssl::stream<asio::ip::tcp::socket> stream;
};

/// When a certificate ends; the farthest future for null.
std::chrono::system_clock::time_point end_of(const X509* certificate);
/// "127.0.0.1:5671", "[::1]:5671"; empty when the peer has gone.
std::string peer_of(const asio::ip::tcp::socket& socket);
/// What the client's certificate says, if it showed one that was verified.
TlsPeer peer_by_certificate(TlsSocket& socket);

using TlsDone = UniqueFunction<void(error_code, std::shared_ptr<TlsSocket>)>;
std::function<void()> tls_server_handshake(asio::ip::tcp::socket socket, std::shared_ptr<TlsContext> context,
                                           std::shared_ptr<TlsWorkers> workers, TlsDone done);
/// In place of OpenSSL's error what was wrong with the peer's certificate, when that was it.
error_code explain(error_code error, SSL* ssl);

}  // namespace bascule::amqp
