#include "bascule/amqp/connector.hpp"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "bascule/amqp/tls.hpp"
#include "bascule/amqp/url.hpp"

namespace bascule::amqp {

using asio::ip::tcp;

namespace {

// A broker on this machine. A Unix socket is connected at once, or not at all.
std::function<void()> connect_local(Loop& loop, const std::string& path, StreamDone done) {
  asio::local::stream_protocol::socket socket(loop.context(), asio::local::stream_protocol());
  const asio::local::stream_protocol::endpoint endpoint(path);
  error_code error;
  // A broker that stands still, and whose backlog is full, is not waited for. Asio's connect() takes EAGAIN for a connect
  // under way, and success follows: on a Unix socket it is a refusal.
  socket.native_non_blocking(true);
  if (::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    error.assign(errno, boost::system::system_category());
  }
  auto run = std::make_shared<StreamDone>(std::move(done));
  loop.post([run, error, socket = std::move(socket)]() mutable {
    if (*run) (*run)(error, error ? nullptr : make_stream(std::move(socket)));
  });
  return [run] { *run = nullptr; };
}

// Resolves, connects and, for amqps, shakes hands.
struct Attempt : std::enable_shared_from_this<Attempt> {
  Attempt(asio::io_context& context, StreamDone then) : resolver(context), socket(context), done(std::move(then)) {}

  void start(const Url& url, std::shared_ptr<TlsContext> context) {
    tls = std::move(context);
    server_name = url.tls_options.server_name.empty() ? url.host : url.tls_options.server_name;
    resolver.async_resolve(
        url.host, url.port, [self = shared_from_this()](error_code error, tcp::resolver::results_type found) {
          if (error || !self->done) return self->finish(error, nullptr);
          asio::async_connect(self->socket, found, [self](error_code e, const tcp::endpoint&) { self->connected(e); });
        });
  }
  void connected(error_code error) {
    if (error || !done) return finish(error, nullptr);
    if (!tls) return finish({}, make_stream(std::move(socket)));
    stop_handshake = tls_connect(std::move(socket), tls, server_name,
                                 [self = shared_from_this()](error_code e, std::unique_ptr<Stream> stream) {
                                   self->finish(e, std::move(stream));
                                 });
  }
  void finish(error_code error, std::unique_ptr<Stream> stream) {
    if (auto run = std::exchange(done, nullptr)) run(error, std::move(stream));
  }
  void cancel() {
    done = nullptr;
    resolver.cancel();
    error_code ignored;
    socket.close(ignored);
    if (stop_handshake) stop_handshake();
  }

  tcp::resolver resolver;
  tcp::socket socket;
  StreamDone done;
  std::shared_ptr<TlsContext> tls;
  std::string server_name;
  std::function<void()> stop_handshake;
};

}  // namespace

Connector connector_for(Loop& loop, const Url& url) {
  if (url.tls) TlsContext::client(url.tls_options);  // throws now rather than at the first attempt
  return [&loop, url](auto done) -> std::function<void()> {
    if (!url.path.empty()) return connect_local(loop, url.path, std::move(done));
    auto attempt = std::make_shared<Attempt>(loop.context(), std::move(done));
    try {
      attempt->start(url, url.tls ? TlsContext::client(url.tls_options) : nullptr);
    } catch (const std::exception&) {
      loop.post([attempt] { attempt->finish(asio::error::invalid_argument, nullptr); });
    }
    return [attempt] { attempt->cancel(); };
  };
}

}  // namespace bascule::amqp
