#include "bascule/amqp/client.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/event.h>
#include <proton/terminus.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

#include "bascule/amqp/link.hpp"
#include "bascule/amqp/nodes.hpp"
#include "bascule/amqp/sasl_client.hpp"
#include "bascule/amqp/url.hpp"
#include "bascule/loop/backoff.hpp"
#include "bascule/loop/random.hpp"
#include "bascule/profile/profile.hpp"

namespace bascule::amqp {

namespace {
// Frames the peer may send before it must hear from us. The engine divides a capacity in bytes by the largest frame, so a
// megabyte would mean sixteen small messages a round trip. What is in flight is bounded by each link's credit instead: a
// delivery is taken out of the engine as it comes.
constexpr std::size_t session_window = 2048;

// A broker that has not answered an ATTACH by then never will: RabbitMQ's sessions wait for queues that are being recovered,
// and all that comes after waits with them.
constexpr std::chrono::seconds attach_timeout{10};

const profile::Profile& profile_of(const std::string& name) {
  if (name.empty()) return profile::Profile::embedded();
  if (const auto* const found = profile::Profile::named(name)) return *found;
  std::string known;
  for (const auto& each : profile::Profile::all()) known += (known.empty() ? "" : ", ") + each.name();
  throw std::invalid_argument("there is no broker profile `" + name + "`; there are " + known);
}

// What OPEN says of the broker.
std::string open_property(pn_connection_t* connection, std::string_view wanted) {
  auto* const data = pn_connection_remote_properties(connection);
  pn_data_rewind(data);
  if (!pn_data_next(data) || pn_data_type(data) != PN_MAP) return {};
  pn_data_enter(data);
  while (pn_data_next(data)) {
    const auto key = pn_data_type(data) == PN_SYMBOL ? pn_data_get_symbol(data) : pn_bytes_t{};
    if (!pn_data_next(data)) break;
    if (std::string_view(key.start, key.size) != wanted || pn_data_type(data) != PN_STRING) continue;
    const auto value = pn_data_get_string(data);
    return {value.start, value.size};
  }
  return {};
}

}  // namespace

struct Client::State final : EventHandler, std::enable_shared_from_this<State> {
  enum class Phase {
    idle,        // start() was not called
    connecting,  // resolving, connecting, or waiting for the peer's OPEN
    up,          // OPEN was exchanged
    waiting,     // for the next attempt
    closing,     // close() was called, CLOSE is on its way
    closed,      // for good
  };

  State(Loop& l, ClientOptions o)
      : loop(l),
        options(std::move(o)),
        url(Url::parse(options.url)),
        profile(&profile_of(url.profile)),
        timer(l.context()),
        retry_timer(l.context()),
        answer_timer(l.context()),
        backoff({options.reconnect_min, options.reconnect_max, std::chrono::milliseconds(5)}) {
    if (!options.connector) options.connector = connector_for(loop, url);
    if (options.container_id.empty()) options.container_id = "bascule-" + secret_token(8);
  }

  void connect();
  void connected(error_code error, std::unique_ptr<Stream> stream);
  void stop_connecting();
  void attempt_failed(std::string reason);
  void try_again();
  void on_event(Connection& c, pn_event_t* event) override;
  void on_closed(Connection& c, std::string_view reason) override;
  void on_writable(Connection& c) override;
  void opened();
  void detached(pn_link_t* link);
  void attach(Link& link);
  void prepared(Link& link, const std::string& error);
  void refused(Link& link, const std::string& reason);
  Sender open_sender(SenderOptions given);
  void attach_refused_later();
  void expect_answers();
  void down(const std::string& reason);
  void tell(bool up, const std::string& reason);
  void add(std::shared_ptr<Link> link);

  Loop& loop;
  ClientOptions options;
  Url url;
  const std::shared_ptr<SaltedPassword> salted_password = std::make_shared<SaltedPassword>();
  const profile::Profile* profile;
  std::unique_ptr<Nodes> nodes;  // while the connection is up
  std::function<void()> cancel_connect;
  asio::steady_timer timer;         // of the attempt, or until the next one
  asio::steady_timer retry_timer;   // of refused links
  asio::steady_timer answer_timer;  // of links that were asked for
  Backoff backoff;
  std::shared_ptr<Connection> connection;
  pn_session_t* session = nullptr;
  std::vector<std::shared_ptr<Link>> links;
  std::vector<std::pair<std::uint64_t, StateHandler>> handlers;
  std::uint64_t next_handler = 1, next_link = 1, attachments = 0;
  UniqueFunction<void()> closed_handler;
  std::string last_error;
  std::string session_end;  // why the broker ended the session, and so the connection is left; empty: it did not
  ClientCounters counters;
  Phase phase = Phase::idle;
  bool retrying_links = false, expecting = false;
};

void Client::State::connect() {
  phase = Phase::connecting;
  timer.expires_after(options.connect_timeout);
  timer.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->phase != Phase::connecting) return;
    if (self->connection) return self->connection->abort("the broker did not answer OPEN in time");
    self->stop_connecting();
    self->attempt_failed("cannot connect to " + self->url.where() + " in time");
  });
  cancel_connect = options.connector([weak = weak_from_this()](error_code error, std::unique_ptr<Stream> stream) {
    if (const auto self = weak.lock()) self->connected(error, std::move(stream));
  });
}

void Client::State::stop_connecting() {
  if (const auto cancel = std::exchange(cancel_connect, nullptr)) cancel();
}

void Client::State::connected(error_code error, std::unique_ptr<Stream> stream) {
  cancel_connect = nullptr;
  if (phase != Phase::connecting) return;
  if (error) return attempt_failed("cannot connect to " + url.where() + ": " + error.message());
  EngineOptions engine;
  engine.container_id = options.container_id;
  engine.hostname = url.vhost.empty() ? url.host : "vhost:" + url.vhost;
  engine.idle_timeout = options.idle_timeout;
  engine.limits = options.limits;
  engine.sasl = std::make_shared<SaslClient>(SaslClientOptions{
      .hostname = url.host,
      .user = url.user,
      .password = url.password,
      .has_certificate = !url.tls_options.certificate.empty(),
      .may_send_password = stream->confidential() || url.allow_plain_without_tls,
      .memory = salted_password,
  });
  connection = std::make_shared<Connection>(loop, std::move(stream), engine, *this);
  pn_connection_open(connection->engine());
  connection->start();
}

void Client::State::attempt_failed(std::string reason) {
  ++counters.connect_failures;
  last_error = std::move(reason);
  try_again();
}

void Client::State::try_again() {
  phase = Phase::waiting;
  timer.expires_after(backoff.next(random_bits()));
  timer.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (!error && self && self->phase == Phase::waiting) self->connect();
  });
}

void Client::State::on_event(Connection& c, pn_event_t* event) {
  switch (pn_event_type(event)) {
    case PN_DELIVERY: {
      auto* const delivery = pn_event_delivery(event);
      if (auto* const link = static_cast<Link*>(pn_link_get_context(pn_delivery_link(delivery))))
        link->on_delivery(delivery);
      break;
    }
    case PN_LINK_FLOW:
      if (auto* const link = static_cast<Link*>(pn_link_get_context(pn_event_link(event)))) link->on_flow();
      break;
    case PN_LINK_REMOTE_OPEN:
      if (auto* const link = static_cast<Link*>(pn_link_get_context(pn_event_link(event)))) link->on_remote_open();
      break;
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH: detached(pn_event_link(event)); break;
    case PN_CONNECTION_REMOTE_OPEN: opened(); break;
    case PN_SESSION_REMOTE_CLOSE: {
      // Links cannot live without their session: begin again from the connection.
      auto* const condition = pn_session_remote_condition(pn_event_session(event));
      const char* const text = pn_condition_get_description(condition);
      session_end = std::string("the broker ended the session: ") + (text != nullptr ? text : "no reason");
      c.close("amqp:connection:forced", session_end);
      break;
    }
    case PN_CONNECTION_REMOTE_CLOSE:
      pn_connection_close(c.engine());
      c.wake();
      break;
    default: break;
  }
}

void Client::State::opened() {
  if (phase != Phase::connecting) return;
  phase = Phase::up;
  timer.cancel();
  backoff.reset();
  ++counters.connects;
  last_error.clear();
  session = pn_session(connection->engine());
  pn_session_set_incoming_capacity(session, session_window * options.limits.max_frame);
  pn_session_open(session);
  if (url.profile.empty()) {
    profile = &profile::Profile::recognise(open_property(connection->engine(), "product"),
                                           open_property(connection->engine(), "version"), url.host);
  }
  nodes = make_nodes(profile->management(), loop, *connection, session, url);
  // A copy: an `attached` or state handler may open links.
  const auto all = links;
  for (const auto& link : all) attach(*link);
  connection->wake();
  tell(true, {});
}

void Client::State::attach(Link& link) {
  if (link.closed || link.link != nullptr || link.attached || link.preparing) return;
  link.connection = connection.get();
  link.retry = false;
  auto wish = link.wish();
  wish.unique = options.container_id + "." + std::to_string(++attachments);
  link.profile = profile;
  link.answer_by = Deadline::after(attach_timeout);
  expect_answers();
  link.plan = link.sends() ? profile->target(wish) : profile->source(wish);
  if (!link.plan.refusal.empty()) return refused(link, link.plan.refusal);
  if (link.plan.declare.empty() || !nodes) return link.attach(session);
  link.preparing = attachments;
  nodes->declare(link.plan.declare, [weak = weak_from_this(), &link, number = attachments](const std::string& error) {
    const auto self = weak.lock();
    if (!self) return;
    for (const auto& each : self->links) {
      if (each.get() == &link && each->preparing == number) return self->prepared(*each, error);
    }
  });
}

void Client::State::prepared(Link& link, const std::string& error) {
  link.preparing = 0;
  if (link.closed || phase != Phase::up) return;
  error.empty() ? link.attach(session) : refused(link, error);
}

void Client::State::refused(Link& link, const std::string& reason) {
  link.lost(reason);
  link.refusal = reason;
  link.retry = true;
  attach_refused_later();
}

void Client::State::detached(pn_link_t* proton) {
  auto* const link = static_cast<Link*>(pn_link_get_context(proton));
  pn_link_set_context(proton, nullptr);
  auto* const condition = pn_link_remote_condition(proton);
  std::string reason = "the broker detached the link";
  if (pn_condition_is_set(condition)) {
    const char* const text = pn_condition_get_description(condition);
    reason = std::string(pn_condition_get_name(condition)) + (text != nullptr ? std::string(": ") + text : "");
  }
  if (link != nullptr && link->link == proton) {
    link->lost(reason);
    link->refusal = reason;
    link->retry = !link->closed;
  }
  pn_link_close(proton);
  pn_link_free(proton);
  connection->wake();
  std::erase_if(links, [](const auto& l) { return l->closed; });
  if (link != nullptr) attach_refused_later();
}

void Client::State::expect_answers() {
  if (std::exchange(expecting, true)) return;
  answer_timer.expires_after(attach_timeout / 2);
  answer_timer.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->expecting = false;
    if (self->phase != Phase::up) return;
    bool waiting = false;
    for (const auto& link : self->links) {
      const bool asked = link->preparing != 0 || (link->link != nullptr && !link->attached);
      if (!asked || link->closed) continue;
      waiting = true;
      if (link->answer_by.expired()) return self->connection->abort("the broker did not answer an attach in time");
    }
    if (waiting) self->expect_answers();
  });
}

void Client::State::attach_refused_later() {
  if (std::exchange(retrying_links, true)) return;
  retry_timer.expires_after(options.link_retry);
  retry_timer.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (!self) return;
    self->retrying_links = false;
    if (error || self->phase != Phase::up) return;
    const auto all = self->links;
    for (const auto& link : all) {
      if (link->retry) self->attach(*link);
    }
  });
}

void Client::State::on_writable(Connection&) {
  for (std::size_t i = 0; i < links.size(); ++i) links[i]->on_flow();
}

void Client::State::down(const std::string& reason) {
  session = nullptr;
  nodes.reset();
  const auto all = links;
  for (const auto& link : all) {
    link->preparing = 0;
    link->lost(reason);
  }
  std::erase_if(links, [](const auto& l) { return l->closed; });
}

void Client::State::on_closed(Connection&, std::string_view why) {
  const auto self = shared_from_this();
  const auto gone = std::exchange(connection, nullptr);
  std::string reason = std::exchange(session_end, {});
  if (reason.empty()) reason = why.empty() ? "the broker closed the connection" : std::string(why);
  if (phase == Phase::connecting) {
    down(reason);
    return attempt_failed("cannot open an AMQP connection to " + url.where() + ": " + reason);
  }
  const bool final = phase == Phase::closing;
  ++counters.disconnects;
  last_error = reason;
  phase = final ? Phase::closed : Phase::waiting;
  down(reason);
  tell(false, reason);
  if (!final) return try_again();
  if (auto done = std::move(closed_handler)) done();
}

void Client::State::tell(bool up, const std::string& reason) {
  const auto all = handlers;
  for (const auto& [id, handler] : all) handler(up, reason);
}

void Client::State::add(std::shared_ptr<Link> link) {
  links.push_back(std::move(link));
  if (phase == Phase::up) attach(*links.back());
}

Client::Client(Loop& loop, ClientOptions options) : state_(std::make_shared<State>(loop, std::move(options))) {}

Client::~Client() {
  auto& s = *state_;
  s.phase = State::Phase::closed;
  s.handlers.clear();
  s.timer.cancel();
  s.retry_timer.cancel();
  s.answer_timer.cancel();
  s.stop_connecting();
  if (s.connection) {
    s.connection->detach();
    s.connection->abort("the client was destroyed");
    s.down("the client was destroyed");
  }
}

void Client::start() {
  if (state_->phase == State::Phase::idle) state_->connect();
}

void Client::close(UniqueFunction<void()> closed) {
  auto& s = *state_;
  s.timer.cancel();
  if (s.connection) {
    s.phase = State::Phase::closing;
    s.closed_handler = std::move(closed);
    return s.connection->close();
  }
  s.phase = State::Phase::closed;
  s.stop_connecting();
  if (closed) s.loop.post([done = std::move(closed)]() mutable { done(); });
}

bool Client::connected() const noexcept { return state_->phase == State::Phase::up; }
const std::string& Client::last_error() const noexcept { return state_->last_error; }
Loop& Client::loop() noexcept { return state_->loop; }
const std::string& Client::container_id() const noexcept { return state_->options.container_id; }
const profile::Profile& Client::profile() const noexcept { return *state_->profile; }
const ClientCounters& Client::counters() const noexcept { return state_->counters; }

Sender Client::State::open_sender(SenderOptions given) {
  auto name = "s" + std::to_string(next_link++);
  auto link = std::make_shared<Sender::State>(std::move(given), std::move(name));
  link->open = [this](SenderOptions more) { return open_sender(std::move(more)); };
  add(link);
  return Sender(link);
}

Sender Client::open_sender(SenderOptions options) { return state_->open_sender(std::move(options)); }

Receiver Client::open_receiver(ReceiverOptions options, Receiver::Handler handler, std::function<void(bool)> changed) {
  auto name = options.name.empty() ? "r" + std::to_string(state_->next_link++) : options.name;
  auto link =
      std::make_shared<Receiver::State>(std::move(options), std::move(name), std::move(handler), std::move(changed));
  state_->add(link);
  return Receiver(link);
}

std::uint64_t Client::on_state(StateHandler changed) {
  const auto id = state_->next_handler++;
  state_->handlers.emplace_back(id, std::move(changed));
  return id;
}

void Client::forget_state_handler(std::uint64_t id) {
  std::erase_if(state_->handlers, [id](const auto& entry) { return entry.first == id; });
}

}  // namespace bascule::amqp
