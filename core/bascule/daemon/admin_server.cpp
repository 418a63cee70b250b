#include "bascule/daemon/admin_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "bascule/config/quantity.hpp"

namespace bascule {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

struct AdminServer::State : std::enable_shared_from_this<State> {
  State(Loop& l, const telemetry::Registry& m, std::function<std::string()> n)
      : loop(l), metrics(m), not_ready(std::move(n)), acceptor(l.context()) {}

  http::response<http::string_body> answer(const http::request<http::empty_body>& request) const;
  static asio::awaitable<void> accept(std::shared_ptr<State> self);
  static asio::awaitable<void> serve(std::shared_ptr<State> self, tcp::socket socket);

  Loop& loop;
  const telemetry::Registry& metrics;
  std::function<std::string()> not_ready;
  tcp::acceptor acceptor;
  int connections = 0;
};

http::response<http::string_body> AdminServer::State::answer(const http::request<http::empty_body>& request) const {
  http::response<http::string_body> response(http::status::ok, request.version());
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  const auto target = request.target();
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET, HEAD");
  } else if (target == "/livez") {
    response.body() = "ok\n";
  } else if (target == "/readyz") {
    const auto reason = not_ready();
    if (!reason.empty()) response.result(http::status::service_unavailable);
    response.body() = reason.empty() ? "ok\n" : reason + "\n";
  } else if (target == "/metrics") {
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.body() = metrics.text();
  } else {
    response.result(http::status::not_found);
    response.body() = "try /livez, /readyz or /metrics\n";
  }
  if (request.method() == http::verb::head) response.body().clear();
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  return response;
}

asio::awaitable<void> AdminServer::State::serve(std::shared_ptr<State> self, tcp::socket socket) {
  ++self->connections;
  try {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer(8192);
    for (bool keep = true; keep;) {
      stream.expires_after(std::chrono::seconds(10));
      http::request_parser<http::empty_body> parser;
      parser.header_limit(8192);
      co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
      auto response = self->answer(parser.get());
      keep = response.keep_alive();
      co_await http::async_write(stream, response, asio::use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // The prober went away or spoke nonsense: nothing to do for it.
  }
  --self->connections;
}

asio::awaitable<void> AdminServer::State::accept(std::shared_ptr<State> self) {
  while (self->acceptor.is_open()) {
    boost::system::error_code error;
    auto socket = co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      asio::steady_timer pause(self->loop.context(), std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    } else if (self->connections < 64) {
      asio::co_spawn(self->loop.context(), serve(self, std::move(socket)), asio::detached);
    }
  }
}

AdminServer::AdminServer(Loop& loop, const std::string& listen, const telemetry::Registry& metrics,
                         std::function<std::string()> not_ready)
    : state_(std::make_shared<State>(loop, metrics, std::move(not_ready))) {
  const auto endpoint = config::parse_endpoint(listen);
  if (!endpoint) throw std::invalid_argument("'" + listen + "' is not host:port for the admin listener");
  const tcp::endpoint local(asio::ip::make_address(endpoint->host), endpoint->port);
  try {
    state_->acceptor.open(local.protocol());
    state_->acceptor.set_option(tcp::acceptor::reuse_address(true));
    state_->acceptor.bind(local);
    state_->acceptor.listen(64);
  } catch (const boost::system::system_error& error) {
    throw boost::system::system_error(error.code(), "cannot listen on " + listen + " (admin)");
  }
  asio::co_spawn(loop.context(), State::accept(state_), asio::detached);
}

AdminServer::~AdminServer() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
}

std::string AdminServer::address() const {
  const auto local = state_->acceptor.local_endpoint();
  return config::Endpoint{local.address().to_string(), local.port()}.text();
}

}  // namespace bascule
