#include "bascule/broker/broker.hpp"

#include <boost/asio/steady_timer.hpp>
#include <unordered_map>

#include "bascule/broker/client_connection.hpp"
#include "bascule/broker/management.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::broker {

struct Broker::State final : StorageListener, private EndOfTurn {
  State(Loop& on, const BrokerOptions& options, std::unique_ptr<Storage> given)
      : loop(on),
        storage(given ? std::move(given) : std::make_unique<MemoryStorage>()),
        shared(options, *storage, on),
        listeners(on, shared.options,
                  [this](std::unique_ptr<amqp::Stream> stream, const ListenerOptions& listener) {
                    on_accepted(std::move(stream), listener);
                  }),
        operations(
            shared.router, *storage, [&on](std::function<void()> work) { on.post(std::move(work)); },
            [] { return Clock::now(); }, shared.options.router.wall_ms),
        timer(on.context()) {
    storage->listen(this);
    shared.relief_mark = pages() / 4 * 5;
    shared.ask_relief = [this] {
      if (!std::exchange(relief_asked, true)) loop.at_end_of_turn(*this);
    };
    shared.router.add_service(std::make_unique<Management>(shared.router, operations));
    shared.router.on_more_to_look([this] {
      loop.post([this, alive = std::weak_ptr<bool>(living)] {
        if (!alive.expired()) shared.router.look_on(Clock::now());
      });
    });
  }
  ~State() {
    storage->listen(nullptr);
    connections.clear();
    loop.forget(*this);
  }

  void on_accepted(std::unique_ptr<amqp::Stream> stream, const ListenerOptions& listener) {
    const auto& options = shared.options;
    if (const char* const bound = connections.size() >= options.max_connections ? "broker.max_connections"
                                  : shared.opening >= options.max_handshakes    ? "broker.max_handshakes"
                                                                                : nullptr) {
      ++shared.counters.connections_refused;
      telemetry::warn("connection refused: a bound is met", {{"peer", stream->peer()}, {"bound", bound}});
      stream->close();
      return;
    }
    const auto& logins = shared.security.logins();
    auto login = std::make_shared<amqp::SaslServer>(
        amqp::SaslServerOptions{mechanisms_of(options, listener, *stream), stream->external_user()},
        logins ? logins->authenticator(stream->peer()) : nullptr);
    auto made = std::make_unique<ClientConnection>(shared, loop, std::move(stream), std::move(login),
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
      operations.sweep(now);
      relieve_memory();
      if (now >= next_check) {
        next_check = now + std::chrono::seconds(1);
        const auto all = peers();
        for (ClientConnection* peer : all) {
          peer->check_transactions(now);
          peer->check_handshake(now - shared.options.handshake_timeout);
          peer->check_certificate_age(std::chrono::system_clock::now());
        }
      }
      if (shared.options.reload_interval.count() > 0 && now >= next_look) {
        next_look = now + shared.options.reload_interval;
        reload(true);
      }
      recheck_certificates();
      if (drained && now >= drain_by) {
        for (ClientConnection* peer : peers()) peer->abort("the peer did not answer CLOSE while the broker drained");
      }
      arm();
    });
  }

  // Other authorities, or other withdrawn certificates: a few connections at a time, because each costs a verification.
  void recheck_certificates() {
    const auto generation = listeners.tls_generation();
    if (generation <= 1 || generation == checked) return;  // the first ones are those that everybody came in by
    const auto all = peers();
    unsigned left = 32;
    for (ClientConnection* peer : all) {
      if (left > 0 && peer->check_certificate(*listeners.tls(), generation)) --left;
    }
    if (left > 0) checked = generation;
  }

  void reload(bool only_if_changed) {
    const auto certificates = [this] { listeners.reload_certificates(); };
    auto& security = shared.security;
    if (!(only_if_changed ? security.reload_if_changed(certificates) : security.reload(certificates))) return;
    for (ClientConnection* peer : peers()) peer->check_permissions();
  }

  std::vector<ClientConnection*> peers() const {
    std::vector<ClientConnection*> all;
    for (const auto& [peer, held] : connections) all.push_back(peer);
    return all;
  }

  void relieve_memory() {
    const bool was = storage->memory_high();
    shared.router.relieve_memory();
    const auto& settings = shared.options.router;
    // What is being written, or is handed out, cannot leave yet: looked at again when a quarter more has come.
    shared.relief_mark = std::max(pages(), Message::in_memory()) + pages() / 4;
    if (!storage->memory_high()) shared.relief_mark = std::min(shared.relief_mark, settings.memory_high);
    if (storage->memory_high() == was) return;
    if (was) {
      telemetry::info("memory-high watermark is clear: publishers get credit again",
                      {{"message_bytes", Message::in_memory()}});
    } else {
      telemetry::warn("memory-high watermark: publishers get no credit; consumers go on",
                      {{"message_bytes", Message::in_memory()}, {"broker.memory_high", settings.memory_high}});
    }
  }

  // Between two ticks much may come.
  void end_of_turn() override {
    relief_asked = false;
    relieve_memory();
  }
  std::uint64_t pages() const noexcept { return shared.options.router.memory_pages; }

  void durable(Lsn lsn) override {
    const auto waiting = shared.unconfirmed;
    for (TransferReceiver* link : waiting) link->confirm(lsn);
    if (Message::in_memory() > shared.relief_mark) relieve_memory();
    std::erase_if(shared.unconfirmed, [](const TransferReceiver* link) { return !link->unconfirmed(); });
  }

  void holders(Lsn lsn, std::vector<Holding>& queues) override { shared.router.holders(lsn, queues); }
  void spoilt(Lsn lsn, const std::string& why) override {
    telemetry::error("a message cannot be read back: its queues are stopped", {{"error", why}});
    shared.router.spoilt(lsn, why);
  }
  void paged_out() override {
    if (Message::in_memory() > pages()) shared.ask_relief();
  }
  void pressure_changed() override { shared.router.pressure_changed(); }

  Loop& loop;
  std::unique_ptr<Storage> storage;
  Shared shared;
  Listeners listeners;
  Operations operations;
  asio::steady_timer timer;
  const std::shared_ptr<bool> living = std::make_shared<bool>(true);
  std::uint64_t checked = 0;  ///< generation of the authorities that every connection's certificate was seen by
  Time next_check{}, next_look{};
  bool relief_asked = false;
  std::function<void()> drained;
  Time drain_by{};  ///< who has not answered CLOSE by then is cut off
  std::unordered_map<ClientConnection*, std::unique_ptr<ClientConnection>> connections;
};

Broker::Broker(Loop& loop, const BrokerOptions& options, std::unique_ptr<Storage> storage)
    : state_(std::make_unique<State>(loop, options, std::move(storage))) {}

Broker::~Broker() { stop(); }

void Broker::start() {
  state_->storage->recover(state_->shared.router, Clock::now());
  state_->listeners.open();
  state_->arm();
}

std::string Broker::address() const {
  const auto all = state_->listeners.addresses();
  return all.empty() ? std::string() : all.front();
}

std::vector<std::string> Broker::urls() const { return state_->listeners.urls(); }
void Broker::reload() { state_->reload(false); }
const Listeners& Broker::listeners() const noexcept { return state_->listeners; }

void Broker::drain(std::function<void()> done) {
  state_->listeners.close();
  if (state_->connections.empty()) return done();
  state_->drained = std::move(done);
  state_->drain_by = Clock::now() + state_->shared.options.drain_time;
  for (ClientConnection* peer : state_->peers()) {
    peer->close("amqp:connection:forced", "the broker is shutting down; connect again later");
  }
}

void Broker::stop() {
  state_->listeners.close();
  state_->timer.cancel();
  state_->connections.clear();
}

std::size_t Broker::connections() const noexcept { return state_->connections.size(); }
const Shared& Broker::shared() const noexcept { return state_->shared; }
Router& Broker::router() noexcept { return state_->shared.router; }
Operations& Broker::operations() noexcept { return state_->operations; }
const Operations& Broker::operations() const noexcept { return state_->operations; }
Security& Broker::security() noexcept { return state_->shared.security; }

}  // namespace bascule::broker
