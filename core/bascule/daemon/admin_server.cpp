#include "bascule/daemon/admin_server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>

#include "bascule/config/quantity.hpp"
#include "bascule/daemon/framing.hpp"
#include "bascule/loop/timed_stream.hpp"

namespace bascule {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;

namespace {

// Something that another part gives later, waited for with a bound. Shared with whoever gives it, which may be too late.
template <class Value>
struct Slot {
  explicit Slot(asio::io_context& context) : wake(context) {}
  void give(Value given) {
    value.emplace(std::move(given));
    wake.cancel();
  }
  std::optional<Value> value;
  asio::steady_timer wake;
};

template <class Value>
asio::awaitable<bool> given(std::shared_ptr<Slot<Value>> slot) {
  slot->wake.expires_after(AdminServer::answer_time);
  boost::system::error_code error;
  if (!slot->value) co_await slot->wake.async_wait(asio::redirect_error(asio::use_awaitable, error));
  co_return slot->value.has_value();
}

bool over_loopback(const tcp::socket& socket) {
  const auto inside = [](const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
    }
    return address.is_loopback();
  };
  boost::system::error_code error;
  const auto local = socket.local_endpoint(error), remote = socket.remote_endpoint(error);
  return !error && inside(local.address()) && inside(remote.address());
}

std::optional<std::uint64_t> length_of(const Parser& parser) {
  const auto length = parser.content_length();
  return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

}  // namespace

struct AdminServer::State : std::enable_shared_from_this<State> {
  State(Loop& l, const telemetry::Registry& m, std::function<std::string()> n, AdminApi* a)
      : loop(l), metrics(m), not_ready(std::move(n)), api(a), acceptor(l.context()) {}

  void answer(const AdminRequestHead& request, Response& response) const;
  bool make_room();
  static asio::awaitable<void> accept(std::shared_ptr<State> self);

  Loop& loop;
  const telemetry::Registry& metrics;
  std::function<std::string()> not_ready;
  AdminApi* const api;
  tcp::acceptor acceptor;
  std::vector<Connection*> connections;
};

class AdminServer::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<State> state, tcp::socket socket) : state_(std::move(state)), stream_(std::move(socket)) {
    state_->connections.push_back(this);
  }
  ~Connection() { std::erase(state_->connections, this); }

  static asio::awaitable<void> serve(std::shared_ptr<Connection> self);
  /// Since when it has been waited for this peer's bytes; none: it waits for us.
  std::optional<Clock::time_point> waits_since() const noexcept { return waits_since_; }
  void cut() {
    waits_since_.reset();
    boost::system::error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  asio::awaitable<bool> exchange();
  asio::awaitable<void> linger();
  asio::awaitable<bool> exchange_api(Parser& parser);
  asio::awaitable<std::optional<std::string>> read_body(Parser& parser);
  asio::awaitable<bool> send(Response& response, bool head_only);
  asio::awaitable<bool> send(AdminResponse answer, const AdminRequestHead& head, bool keep);
  asio::awaitable<bool> refuse(int status, std::string why, const AdminRequestHead& head);

  const std::shared_ptr<State> state_;
  TimedStream stream_;
  beast::flat_buffer buffer_{max_head + max_body};
  std::optional<Clock::time_point> waits_since_;
};

void AdminServer::State::answer(const AdminRequestHead& request, Response& response) const {
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
    response.body() = api == nullptr ? "try /livez, /readyz or /metrics\n"
                                     : "try /livez, /readyz, /metrics, /api/v1/queues or /api/openapi.json\n";
  }
}

// Cuts whoever has been waited for longest. False: all of them wait for us.
bool AdminServer::State::make_room() {
  Connection* slowest = nullptr;
  for (Connection* each : connections) {
    if (!each->waits_since()) continue;
    if (slowest == nullptr || *each->waits_since() < *slowest->waits_since()) slowest = each;
  }
  if (slowest != nullptr) slowest->cut();
  return slowest != nullptr;
}

asio::awaitable<bool> AdminServer::Connection::send(Response& response, bool head_only) {
  response.prepare_payload();
  if (head_only) response.body().clear();  // its Content-Length is what GET would have
  if (response.result() == http::status::no_content) response.erase(http::field::content_length);  // RFC 9110, 8.6
  stream_.expires_after(write_time);
  co_await http::async_write(stream_, response, asio::use_awaitable);
  co_return response.keep_alive();
}

asio::awaitable<bool> AdminServer::Connection::send(AdminResponse answer, const AdminRequestHead& head, bool keep) {
  Response response(static_cast<http::status>(answer.status), head.version() == 10 ? 10 : 11);
  if (!answer.body.empty()) response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : answer.fields) response.insert(name, value);
  response.body() = std::move(answer.body);
  response.keep_alive(keep);
  co_return co_await send(response, head.method() == http::verb::head);
}

// The connection ends behind it: what follows may be anything.
asio::awaitable<bool> AdminServer::Connection::refuse(int status, std::string why, const AdminRequestHead& head) {
  AdminResponse answer = state_->api->refusal(status, why);
  co_return co_await send(std::move(answer), head, false);
}

asio::awaitable<std::optional<std::string>> AdminServer::Connection::read_body(Parser& parser) {
  stream_.expires_after(read_time);
  if (!parser.get()[http::field::expect].empty() && !parser.is_done()) {
    http::response<http::empty_body> go_on(http::status::continue_, 11);
    co_await http::async_write(stream_, go_on, asio::use_awaitable);
  }
  waits_since_ = Clock::now();
  boost::system::error_code error;
  co_await http::async_read(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
  waits_since_.reset();
  if (error) co_return std::nullopt;
  co_return std::move(parser.get().body());
}

asio::awaitable<bool> AdminServer::Connection::exchange_api(Parser& parser) {
  const AdminRequestHead& request = parser.get().base();
  const bool keep = parser.get().keep_alive();
  const auto head = std::make_shared<AdminHead>(head_of(request, length_of(parser)));
  const auto remote = stream_.socket().remote_endpoint();
  head->peer = config::Endpoint{remote.address().to_string(), remote.port()}.text();
  head->loopback = over_loopback(stream_.socket());

  const auto decision = std::make_shared<Slot<std::variant<AdminResponse, AdminApi::Serve>>>(state_->loop.context());
  state_->api->admit(
      head, [decision](std::variant<AdminResponse, AdminApi::Serve> made) { decision->give(std::move(made)); });
  if (!co_await given(decision)) co_return co_await refuse(504, "checking who asks took too long", request);
  if (auto* const refused = std::get_if<AdminResponse>(&*decision->value)) {
    co_return co_await send(std::move(*refused), request, keep && !head->has_body);
  }
  auto body = co_await read_body(parser);
  if (!body) co_return co_await refuse(408, "the body did not come in time, or not whole", request);
  const auto answer = std::make_shared<Slot<AdminResponse>>(state_->loop.context());
  std::get<AdminApi::Serve> (*decision->value)(std::move(*body),
                                               [answer](AdminResponse made) { answer->give(std::move(made)); });
  if (!co_await given(answer))
    co_return co_await refuse(504, "it takes too long; it may be done all the same", request);
  co_return co_await send(std::move(*answer->value), request, keep);
}

asio::awaitable<bool> AdminServer::Connection::exchange() {
  Parser parser;
  parser.header_limit(max_head);
  parser.body_limit(max_body);
  stream_.expires_after(read_time);
  waits_since_ = Clock::now();
  boost::system::error_code error;
  co_await http::async_read_header(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
  waits_since_.reset();
  if (error == http::error::end_of_stream ||
      (error && error.category() != make_error_code(http::error::bad_value).category())) {
    co_return false;
  }
  const AdminRequestHead& request = parser.get().base();
  if (error && state_->api != nullptr) {
    const int status = error == http::error::header_limit ? 431 : error == http::error::body_limit ? 413 : 400;
    co_return co_await refuse(status, "the request cannot be read: " + error.message(), request);
  }
  if (error) co_return false;
  if (const auto wrong = framing_error(request, length_of(parser), max_body); wrong && state_->api != nullptr) {
    co_return co_await refuse(wrong->status, wrong->why, request);
  }
  if (state_->api != nullptr && state_->api->has({request.target().data(), request.target().size()})) {
    co_return co_await exchange_api(parser);
  }
  Response response(http::status::ok, request.version() == 10 ? 10 : 11);
  state_->answer(request, response);
  response.keep_alive(parser.get().keep_alive() && parser.is_done());
  co_return co_await send(response, request.method() == http::verb::head);
}

// Takes what the peer is still sending, for a moment: closing at once could take the answer from it (RFC 9112, 9.6).
asio::awaitable<void> AdminServer::Connection::linger() {
  stream_.socket().shutdown(tcp::socket::shutdown_send);
  stream_.expires_after(std::chrono::seconds(1));
  waits_since_ = Clock::now();
  std::array<char, 4096> sink;
  for (std::size_t taken = 0; taken < (1U << 20);) {
    taken += co_await stream_.async_read_some(asio::buffer(sink), asio::use_awaitable);
  }
}

asio::awaitable<void> AdminServer::Connection::serve(std::shared_ptr<Connection> self) {
  try {
    while (co_await self->exchange()) {
    }
    co_await self->linger();
  } catch (const boost::system::system_error&) {
    // The prober went away: nothing to do for it.
  }
}

asio::awaitable<void> AdminServer::State::accept(std::shared_ptr<State> self) {
  while (self->acceptor.is_open()) {
    boost::system::error_code error;
    auto socket = co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      asio::steady_timer pause(self->loop.context(), std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    } else if (self->connections.size() < max_connections || self->make_room()) {
      auto connection = std::make_shared<Connection>(self, std::move(socket));
      asio::co_spawn(self->loop.context(), Connection::serve(std::move(connection)), asio::detached);
    }
  }
}

AdminServer::AdminServer(Loop& loop, const std::string& listen, const telemetry::Registry& metrics,
                         std::function<std::string()> not_ready, AdminApi* api)
    : state_(std::make_shared<State>(loop, metrics, std::move(not_ready), api)) {
  const auto endpoint = config::parse_endpoint(listen);
  if (!endpoint) throw std::invalid_argument("'" + listen + "' is not host:port for the admin listener");
  const tcp::endpoint local(asio::ip::make_address(endpoint->host), endpoint->port);
  try {
    state_->acceptor.open(local.protocol());
    state_->acceptor.set_option(tcp::acceptor::reuse_address(true));
    state_->acceptor.bind(local);
    state_->acceptor.listen(max_connections);
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
