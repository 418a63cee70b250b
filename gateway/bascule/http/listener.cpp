#include "bascule/http/listener.hpp"

#include <sys/socket.h>

#include <boost/asio/detail/socket_option.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bascule/http/tcp_stream.hpp"

namespace bascule::http {
namespace {
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
constexpr std::chrono::milliseconds tick_interval{250};
// After a failed accept (usually: no file descriptor left) the next try waits, or the loop would spin.
constexpr std::chrono::milliseconds accept_pause{100};
}  // namespace

struct Listener::State : std::enable_shared_from_this<State> {
  State(Loop& on, const Limits& bounds, SessionFactory sessions)
      : loop(on),
        limits(bounds),
        factory(std::move(sessions)),
        acceptor(on.context()),
        ticker(on.context()),
        pause(on.context()) {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, asio::ip::tcp::socket socket) {
      self->on_accept(error, std::move(socket));
    });
  }
  void on_accept(error_code error, asio::ip::tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (!error) {
      adopt(std::move(socket));
      return accept();
    }
    pause.expires_after(accept_pause);
    pause.async_wait([self = shared_from_this()](error_code stopped) {
      if (!stopped && self->acceptor.is_open()) self->accept();
    });
  }
  void adopt(asio::ip::tcp::socket socket) {
    if (connections.size() >= limits.connections) {
      ++counters.refused;
      return;  // the socket's destructor closes it
    }
    ++counters.accepted;
    auto connection = std::make_shared<Connection>(std::make_unique<TcpStream>(loop, std::move(socket)), limits, dates);
    connection->on_closed([weak = weak_from_this(), key = connection.get()] {
      if (const auto self = weak.lock()) self->forget(key);
    });
    connections.emplace(connection.get(), connection);
    connection->start(factory);
  }
  void forget(Connection* connection) {
    connections.erase(connection);
    if (connections.empty() && draining && drained) std::exchange(drained, nullptr)();
  }
  void tick() {
    ticker.expires_after(tick_interval);
    ticker.async_wait([self = shared_from_this()](error_code stopped) {
      if (stopped) return;
      self->each([now = Clock::now()](Connection& connection) { connection.tick(now); });
      self->tick();
    });
  }
  // A connection may close, and so leave the map, while it is visited.
  template <class Visit>
  void each(Visit visit) {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections.size());
    for (const auto& [key, connection] : connections) all.push_back(connection);
    for (const auto& connection : all) visit(*connection);
  }

  Loop& loop;
  Limits limits;
  SessionFactory factory;
  asio::ip::tcp::acceptor acceptor;
  asio::steady_timer ticker, pause;
  DateCache dates;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
  ListenerCounters counters;
  bool draining = false;
  UniqueFunction<void()> drained;
};

Listener::Listener(Loop& loop, const config::Endpoint& endpoint, const Limits& limits, SessionFactory factory)
    : state_(std::make_shared<State>(loop, limits, std::move(factory))) {
  asio::ip::tcp::resolver resolver(loop.context());
  const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port));
  const asio::ip::tcp::endpoint address = *found.begin();
  auto& acceptor = state_->acceptor;
  acceptor.open(address.protocol());
  acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true));
  acceptor.set_option(reuse_port(true));
  acceptor.bind(address);
  acceptor.listen(4096);
}

Listener::~Listener() {
  state_->acceptor.close();
  state_->ticker.cancel();
  state_->pause.cancel();
  state_->drained = nullptr;
  state_->each([](Connection& connection) { connection.close(); });
}

config::Endpoint Listener::endpoint() const {
  const auto local = state_->acceptor.local_endpoint();
  return {local.address().to_string(), local.port()};
}

void Listener::start() {
  state_->accept();
  state_->tick();
}

void Listener::drain(UniqueFunction<void()> drained) {
  state_->acceptor.close();
  state_->draining = true;
  state_->drained = std::move(drained);
  state_->each([](Connection& connection) { connection.drain(); });
  if (state_->connections.empty() && state_->drained) std::exchange(state_->drained, nullptr)();
}

std::size_t Listener::connections() const noexcept { return state_->connections.size(); }
const ListenerCounters& Listener::counters() const noexcept { return state_->counters; }

}  // namespace bascule::http
