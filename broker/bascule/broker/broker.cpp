#include "bascule/broker/broker.hpp"

#include <boost/asio/steady_timer.hpp>
#include <unordered_map>

#include "bascule/amqp/acceptor.hpp"
#include "bascule/broker/client_connection.hpp"
#include "bascule/broker/management.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::broker {

struct Broker::State final : StorageListener {
  State(Loop& on, const BrokerOptions& options, std::unique_ptr<Storage> given)
      : loop(on),
        storage(given ? std::move(given) : std::make_unique<MemoryStorage>()),
        shared(options, *storage),
        timer(on.context()) {
    storage->listen(this);
    shared.router.add_service(std::make_unique<Management>(shared.router));
  }
  ~State() {
    storage->listen(nullptr);
    connections.clear();
  }

  void on_accepted(std::unique_ptr<amqp::Stream> stream) {
    if (connections.size() >= shared.options.max_connections) {
      telemetry::warn("connection refused: broker.max_connections is met", {{"peer", stream->peer()}});
      stream->close();
      return;
    }
    auto made = std::make_unique<ClientConnection>(shared, loop, std::move(stream),
                                                   [this](ClientConnection& gone) { on_gone(gone); });
    auto& connection = *connections.emplace(made.get(), std::move(made)).first->second;
    ++shared.counters.connections_opened;
    connection.start();
  }

  void on_gone(ClientConnection& gone) {
    ++shared.counters.connections_closed;
    connections.erase(&gone);
    if (drained && connections.empty()) std::exchange(drained, nullptr)();
  }

  // What expires is looked for this often; a connection's handshake too.
  void arm() {
    timer.expires_after(TimeIndex::resolution);
    timer.async_wait([this, alive = std::weak_ptr<bool>(living)](const boost::system::error_code& error) {
      if (error || alive.expired()) return;  // it may have been queued already when the broker went
      const Time now = Clock::now();
      shared.router.sweep(now);
      if (now >= next_check) {
        next_check = now + std::chrono::seconds(1);
        const auto all = peers();
        for (ClientConnection* peer : all) peer->check_handshake(now - shared.options.handshake_timeout);
      }
      arm();
    });
  }

  std::vector<ClientConnection*> peers() const {
    std::vector<ClientConnection*> all;
    for (const auto& [peer, held] : connections) all.push_back(peer);
    return all;
  }

  void durable(Lsn lsn) override {
    const auto waiting = shared.unconfirmed;
    for (IncomingLink* link : waiting) link->confirm(lsn);
    std::erase_if(shared.unconfirmed, [](const IncomingLink* link) { return !link->unconfirmed(); });
  }

  void move_out(Lsn from, Lsn to) override { shared.router.move_out(from, to); }

  Loop& loop;
  std::unique_ptr<Storage> storage;
  Shared shared;
  std::unique_ptr<amqp::Acceptor> acceptor;
  asio::steady_timer timer;
  const std::shared_ptr<bool> living = std::make_shared<bool>(true);
  Time next_check{};
  std::function<void()> drained;
  std::unordered_map<ClientConnection*, std::unique_ptr<ClientConnection>> connections;
};

Broker::Broker(Loop& loop, const BrokerOptions& options, std::unique_ptr<Storage> storage)
    : state_(std::make_unique<State>(loop, options, std::move(storage))) {}

Broker::~Broker() { stop(); }

void Broker::start() {
  state_->storage->recover(state_->shared.router, Clock::now());
  state_->acceptor = std::make_unique<amqp::Acceptor>(
      state_->loop, state_->shared.options.listen,
      [state = state_.get()](std::unique_ptr<amqp::Stream> stream) { state->on_accepted(std::move(stream)); });
  state_->arm();
}

std::string Broker::address() const { return state_->acceptor ? state_->acceptor->address() : std::string(); }

void Broker::drain(std::function<void()> done) {
  state_->acceptor.reset();
  if (state_->connections.empty()) return done();
  state_->drained = std::move(done);
  for (ClientConnection* peer : state_->peers()) {
    peer->close("amqp:connection:forced", "the broker is shutting down; connect again later");
  }
}

void Broker::stop() {
  state_->acceptor.reset();
  state_->timer.cancel();
  state_->connections.clear();
}

std::size_t Broker::connections() const noexcept { return state_->connections.size(); }
const Shared& Broker::shared() const noexcept { return state_->shared; }
Router& Broker::router() noexcept { return state_->shared.router; }

}  // namespace bascule::broker
