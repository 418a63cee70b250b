#include "bascule/broker/listeners.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <unordered_map>

#include "bascule/amqp/acceptor.hpp"
#include "bascule/amqp/websocket.hpp"
#include "bascule/broker/tally.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::broker {
namespace {

bool is_loopback(const std::string& listen) {
  if (!amqp::local_path(listen).empty()) return true;
  const auto host = amqp::split_host_port(listen).first;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  return error ? host == "localhost" : address.is_loopback();
}

// Whoever is on this machine may come in without a name, as long as nobody was given one.
bool lets_anonymous(const BrokerOptions& options, const ListenerOptions& listener) {
  return listener.anonymous.value_or(is_loopback(listener.listen) && options.users.empty() &&
                                     options.tls.client_ca.empty());
}

void check(const BrokerOptions& options, const ListenerOptions& listener) {
  if (listener.tls && (options.tls.certificate.empty() || options.tls.key.empty())) {
    throw std::runtime_error("listener " + listener.listen + " needs [broker.tls] cert and key");
  }
  if (!amqp::local_path(listener.listen).empty() && (listener.tls || listener.websocket)) {
    throw std::runtime_error("listener " + listener.listen + " is a Unix socket: it takes neither tls nor websocket");
  }
  const bool by_certificate = listener.tls && !options.tls.client_ca.empty();
  if (!options.users.empty() || by_certificate || lets_anonymous(options, listener)) return;
  throw std::runtime_error(
      "listener " + listener.listen +
      " has no way to log in: give broker.users (bascule-broker user add), or TLS with [broker.tls] client_ca, or let "
      "everybody in by name: anonymous = true. Without users and certificates that is so on loopback, and only there");
}

}  // namespace

struct Listeners::State : std::enable_shared_from_this<State> {
  State(Loop& l, const BrokerOptions& o, Accepted a) : loop(l), options(o), accepted(std::move(a)) {}

  void arrived(std::size_t index, amqp::Acceptor::Socket accepted_socket) {
    const auto& listener = listeners[index];
    if (auto* const local = std::get_if<asio::local::stream_protocol::socket>(&accepted_socket)) {
      return accepted(amqp::make_stream(std::move(*local)), listener);
    }
    auto socket = std::get<asio::ip::tcp::socket>(std::move(accepted_socket));
    if (!listener.tls && !listener.websocket) return accepted(amqp::make_stream(std::move(socket)), listener);
    boost::system::error_code gone;
    const auto host = socket.remote_endpoint(gone).address().to_string();
    auto place = by_address.take(host, options.max_handshakes_per_address);
    if (under_way.size() >= options.max_handshakes || !place) {
      ++counters.handshakes_refused;
      return;  // closes it
    }
    const auto id = next++;
    auto done = [weak = weak_from_this(), id, index, generation = tls_generation](
                    boost::system::error_code error, std::unique_ptr<amqp::Stream> stream) {
      const auto self = weak.lock();
      if (!self) return;
      // Authorities changed meanwhile: whom they would not let in now, they do not.
      if (!error && generation != self->tls_generation && stream->certificate() != nullptr &&
          !stream->certificate()->why_distrusted(*self->tls).empty()) {
        error = boost::asio::error::access_denied;
      }
      self->finished(id, index, error, std::move(stream));
    };
    auto& handshake = under_way.try_emplace(id, loop.context(), std::move(*place)).first->second;
    if (listener.websocket) {
      handshake.stop = amqp::websocket_accept(std::move(socket), listener.tls ? tls : nullptr, workers,
                                              {.origins = listener.origins}, std::move(done));
    } else {
      handshake.stop = amqp::tls_accept(std::move(socket), tls, workers, std::move(done));
    }
    handshake.timer.expires_after(options.handshake_timeout);
    handshake.timer.async_wait([weak = weak_from_this(), id](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      if (const auto it = self->under_way.find(id); it != self->under_way.end()) it->second.stop();
    });
  }

  void finished(std::uint64_t id, std::size_t index, boost::system::error_code error,
                std::unique_ptr<amqp::Stream> stream) {
    under_way.erase(id);
    if (error) {
      ++counters.handshakes_failed;
      telemetry::debug("handshake failed", {{"listener", listeners[index].listen}, {"reason", error.message()}});
      return;
    }
    ++counters.handshakes;
    if (!acceptors.empty()) accepted(std::move(stream), listeners[index]);
  }

  struct Handshake {
    Handshake(asio::io_context& context, Tally::Place&& at) : timer(context), place(std::move(at)) {}
    asio::steady_timer timer;
    Tally::Place place;
    std::function<void()> stop;
  };

  Loop& loop;
  const BrokerOptions& options;
  Accepted accepted;
  std::vector<ListenerOptions> listeners;
  std::vector<std::unique_ptr<amqp::Acceptor>> acceptors;
  std::shared_ptr<amqp::TlsContext> tls;
  std::shared_ptr<amqp::TlsWorkers> workers;  ///< null without TLS
  Tally by_address;
  std::unordered_map<std::uint64_t, Handshake> under_way;
  std::uint64_t tls_generation = 0;
  std::uint64_t next = 0;
  ListenerCounters counters;
};

Listeners::Listeners(Loop& loop, const BrokerOptions& options, Accepted accepted)
    : state_(std::make_shared<State>(loop, options, std::move(accepted))) {}

Listeners::~Listeners() { close(); }

void Listeners::open() {
  auto& s = *state_;
  s.listeners = all_listeners(s.options);
  for (const auto& listener : s.listeners) check(s.options, listener);
  if (!s.options.tls.certificate.empty()) {
    reload_certificates();
    s.workers = std::make_shared<amqp::TlsWorkers>();
  }
  for (std::size_t i = 0; i < s.listeners.size(); ++i) {
    s.acceptors.push_back(std::make_unique<amqp::Acceptor>(
        s.loop, s.listeners[i].listen, [weak = std::weak_ptr(state_), i](amqp::Acceptor::Socket socket) {
          if (const auto state = weak.lock()) state->arrived(i, std::move(socket));
        }));
  }
}

void Listeners::close() {
  state_->acceptors.clear();
  for (auto& [id, handshake] : state_->under_way) {
    handshake.timer.cancel();
    handshake.stop();
  }
}

void Listeners::reload_certificates() {
  if (state_->options.tls.certificate.empty()) return;
  state_->tls = amqp::TlsContext::server(state_->options.tls);
  ++state_->tls_generation;
}

std::vector<std::string> Listeners::addresses() const {
  std::vector<std::string> all;
  for (const auto& acceptor : state_->acceptors) all.push_back(acceptor->address());
  return all;
}

std::vector<std::string> Listeners::urls() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < state_->acceptors.size(); ++i) {
    const auto& listener = state_->listeners[i];
    if (!amqp::local_path(listener.listen).empty()) {
      all.push_back("amqp+unix://" + state_->acceptors[i]->address());
      continue;
    }
    const std::string scheme = listener.websocket ? (listener.tls ? "wss" : "ws") : (listener.tls ? "amqps" : "amqp");
    all.push_back(scheme + "://" + state_->acceptors[i]->address());
  }
  return all;
}

const ListenerCounters& Listeners::counters() const noexcept { return state_->counters; }

const std::shared_ptr<amqp::TlsContext>& Listeners::tls() const noexcept { return state_->tls; }
std::uint64_t Listeners::tls_generation() const noexcept { return state_->tls_generation; }

std::optional<std::chrono::system_clock::time_point> Listeners::certificate_expires() const {
  return state_->tls ? std::optional(state_->tls->expires()) : std::nullopt;
}

std::vector<ListenerOptions> all_listeners(const BrokerOptions& options) {
  std::vector<ListenerOptions> all;
  if (!options.listen.empty()) {
    all.push_back({.listen = options.listen,
                   .anonymous = options.anonymous,
                   .allow_plain_without_tls = options.allow_plain_without_tls});
  }
  all.insert(all.end(), options.listeners.begin(), options.listeners.end());
  return all;
}

std::vector<amqp::Mechanism> mechanisms_of(const BrokerOptions& options, const ListenerOptions& listener,
                                           const amqp::Stream& stream) {
  using enum amqp::Mechanism;
  std::vector<amqp::Mechanism> offered;
  if (!stream.external_user().empty()) offered.push_back(external);
  if (!options.users.empty()) {
    offered.push_back(scram_sha_256);
    if (stream.confidential() || listener.allow_plain_without_tls) offered.push_back(plain);
  }
  if (lets_anonymous(options, listener)) offered.push_back(anonymous);
  return offered;
}

}  // namespace bascule::broker
