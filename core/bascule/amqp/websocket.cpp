#include "bascule/amqp/websocket.hpp"

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "bascule/amqp/buffered_stream.hpp"
#include "bascule/amqp/websocket_below.hpp"

namespace bascule::amqp {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;

constexpr std::uint32_t header_limit = 8 * 1024;

bool lists(std::string_view header, std::string_view wanted) {
  for (const auto token : http::token_list(beast::string_view(header.data(), header.size()))) {
    if (std::string_view(token.data(), token.size()) == wanted) return true;
  }
  return false;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// Some libraries (Qpid JMS's) name as origin the very host that they connect to. That is believed of "localhost" and of
// addresses only: a name could be one that its owner made point here, and the page his.
bool is_own(std::string_view origin, std::string_view host) {
  if (origin != "http://" + std::string(host) && origin != "https://" + std::string(host)) return false;
  auto name = host.substr(0, host.rfind(':'));
  if (host.starts_with('[')) name = host.substr(1, host.rfind(']') - 1);
  error_code not_an_address;
  asio::ip::make_address(std::string(name), not_an_address);
  return name == "localhost" || !not_an_address;
}

bool is_allowed(std::string_view origin, std::string_view host, const WebSocketOptions& options) {
  return origin.empty() || is_own(origin, host) ||
         std::any_of(options.origins.begin(), options.origins.end(),
                     [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
}

// Why a request is not taken; `ok` when it is.
http::status judge(const http::request<http::empty_body>& request, const WebSocketOptions& options) {
  if (!websocket::is_upgrade(request)) return http::status::upgrade_required;
  if (!is_allowed(view(request[http::field::origin]), view(request[http::field::host]), options)) {
    return http::status::forbidden;
  }
  const auto protocols = request[http::field::sec_websocket_protocol];
  return lists(view(protocols), "amqp") ? http::status::ok : http::status::bad_request;
}

struct WebSocket : std::enable_shared_from_this<WebSocket> {
  explicit WebSocket(std::unique_ptr<Below> socket) : below(std::move(socket)), ws(below) {}

  void accept(WebSocketOptions options, UniqueFunction<void(error_code)> done) {
    parser.header_limit(header_limit);
    parser.body_limit(0);
    auto self = shared_from_this();
    http::async_read_header(
        below, buffer, parser,
        [self, options = std::move(options), done = std::move(done)](error_code error, std::size_t) mutable {
          if (error) return done(error);
          const auto verdict = judge(self->parser.get(), options);
          verdict == http::status::ok ? self->upgrade(std::move(done)) : self->refuse(verdict, std::move(done));
        });
  }

  void upgrade(UniqueFunction<void(error_code)> done) {
    ws.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol, "amqp");
      response.set(http::field::server, "bascule-broker");
    }));
    ws.read_message_max(0);  // read in parts: a message is never held whole
    ws.auto_fragment(false);
    ws.binary(true);
    ws.async_accept(parser.get(),
                    [self = shared_from_this(), done = std::move(done)](error_code error) mutable { done(error); });
  }

  void refuse(http::status status, UniqueFunction<void(error_code)> done) {
    auto response = std::make_shared<http::response<http::string_body>>(status, 11);
    response->set(http::field::content_type, "text/plain");
    if (status == http::status::upgrade_required) response->set(http::field::upgrade, "websocket");
    response->keep_alive(false);
    response->body() = "AMQP 1.0 over WebSocket: subprotocol 'amqp', from an allowed origin\n";
    response->prepare_payload();
    http::async_write(below, *response,
                      [self = shared_from_this(), response, done = std::move(done)](error_code, std::size_t) mutable {
                        done(asio::error::connection_refused);
                      });
  }

  template <class Handler>
  void read(asio::mutable_buffer into, Handler&& handler) {
    ws.async_read_some(into, [self = shared_from_this(), handler = std::forward<Handler>(handler)](
                                 error_code error, std::size_t size) mutable {
      if (!error && size > 0 && !self->ws.got_binary()) error = websocket::error::bad_data_frame;
      handler(error, error ? 0 : size);
    });
  }
  template <class Handler>
  void write(asio::const_buffer from, Handler&& handler) {
    ws.async_write(from, std::forward<Handler>(handler));
  }
  tcp::socket& socket() { return below.socket(); }

  AnyStream below;
  websocket::stream<AnyStream&, false> ws;  // without compression
  beast::flat_buffer buffer{header_limit};
  http::request_parser<http::empty_body> parser;
};

void run(std::unique_ptr<Below> below, WebSocketOptions options, bool confidential, TlsPeer shown, StreamDone done) {
  auto socket = std::make_shared<WebSocket>(std::move(below));
  socket->accept(std::move(options),
                 [socket, confidential, shown = std::move(shown), done = std::move(done)](error_code error) mutable {
                   if (error) return done(error, nullptr);
                   auto peer = peer_of(socket->socket());
                   done({}, std::make_unique<BufferedStream<WebSocket>>(std::move(socket), std::move(peer),
                                                                        confidential, std::move(shown)));
                 });
}

}  // namespace

std::function<void()> websocket_accept(tcp::socket socket, std::shared_ptr<TlsContext> context,
                                       std::shared_ptr<TlsWorkers> workers, WebSocketOptions options, StreamDone done) {
  if (!context) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto remote = socket.remote_endpoint(ignored);
    const bool loopback = !ignored && remote.address().is_loopback();
    auto owned = std::make_shared<tcp::socket>(std::move(socket));
    run(make_below(owned), std::move(options), loopback, {}, std::move(done));
    return [weak = std::weak_ptr(owned)] {
      error_code closing;
      if (const auto it = weak.lock()) it->close(closing);
    };
  }
  auto stop = std::make_shared<std::function<void()>>();
  *stop = tls_server_handshake(std::move(socket), std::move(context), std::move(workers),
                               [weak = std::weak_ptr(stop), options = std::move(options), done = std::move(done)](
                                   error_code error, std::shared_ptr<TlsSocket> tls) mutable {
                                 if (error) return done(error, nullptr);
                                 if (const auto stops = weak.lock()) {
                                   *stops = [socket = std::weak_ptr(tls)] {
                                     error_code closing;
                                     if (const auto it = socket.lock()) it->stream.next_layer().close(closing);
                                   };
                                 }
                                 auto shown = peer_by_certificate(*tls);
                                 run(make_below(tls), std::move(options), true, std::move(shown), std::move(done));
                               });
  return [stop] { (*stop)(); };
}

}  // namespace bascule::amqp
