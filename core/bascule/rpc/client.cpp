#include "bascule/rpc/client.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unordered_map>

#include "bascule/amqp/client.hpp"
#include "bascule/profile/profile.hpp"
#include "bascule/rpc/pending_calls.hpp"
#include "bascule/rpc/wire.hpp"

namespace bascule::rpc {
namespace {
// Service addresses are few; whoever makes them up without end meets this bound instead of our memory.
constexpr std::size_t max_addresses = 4096;

Reply failure(Errc code, std::string message) {
  Reply reply;
  reply.error = code;
  reply.message = std::move(message);
  return reply;
}
}  // namespace

struct Client::State : std::enable_shared_from_this<State> {
  State(amqp::Client& c, ClientOptions o)
      : connection(c), options(o), pending(Clock::now()), sweeper(c.loop().context()) {
    amqp::ReceiverOptions replies;
    replies.settled = true;
    replies.credit = 4096;
    receiver = std::make_unique<amqp::Receiver>(connection.open_receiver(
        replies, [this](const amqp::Receiver::Message& m) { on_reply(m); },
        [this](bool attached) {
          // Replies go to the node of the old link: whatever was sent will not be answered.
          attached ? ready() : fail_all(connection.last_error());
        }));
    // A connection that goes before the reply node came: those calls still wait here.
    state_handler = connection.on_state([this](bool up, const std::string& reason) {
      if (!up) fail_all(reason);
    });
  }
  ~State() {
    connection.forget_state_handler(state_handler);
    receiver->close();
    for (auto& [address, sender] : senders) sender.close();
  }

  CallId start(OutgoingCall call, Done done);
  void send(CallId id, OutgoingCall call);
  void refuse(CallId id, Errc code, std::string message);
  void complete(CallId id, Reply&& reply);
  void on_reply(const amqp::Receiver::Message& message);
  void ready();
  void fail_all(const std::string& reason);
  void sweep_later();
  amqp::Sender* sender_for(const std::string& address);

  amqp::Client& connection;
  ClientOptions options;
  PendingCalls pending;
  ClientCounters counters;
  std::unique_ptr<amqp::Receiver> receiver;
  std::unordered_map<std::string, amqp::Sender> senders;
  std::vector<std::pair<CallId, OutgoingCall>> before_ready;  // calls made before the reply node is known
  std::string buffer;
  asio::steady_timer sweeper;
  std::uint64_t state_handler = 0;
  bool sweeping = false;
};

Client::CallId Client::State::start(OutgoingCall call, Done done) {
  ++counters.started;
  // The sum of what is open: the bound holds for calls whose reply node is not there yet, too.
  const bool full = pending.size() >= options.max_in_flight;
  const auto deadline = call.options.deadline;
  const auto id = pending.add(deadline, std::move(done));
  if (full) {
    ++counters.refused;
    refuse(id, Errc::resource_exhausted,
           "too many calls are open in this process (" + std::to_string(options.max_in_flight) +
               "); slow down or raise max_in_flight");
  } else if (deadline.expired()) {
    refuse(id, Errc::deadline_exceeded, "the deadline had passed before " + call.method + " was sent");
  } else if (!connection.connected()) {
    refuse(id, Errc::unavailable, "not connected to the broker: " + connection.last_error());
  } else if (!receiver->attached() && !receiver->refusal().empty()) {
    refuse(id, Errc::unavailable, "no replies can be had: " + receiver->refusal());
  } else if (!receiver->attached()) {
    before_ready.emplace_back(id, std::move(call));
    sweep_later();
  } else {
    send(id, std::move(call));
    sweep_later();
  }
  return id;
}

void Client::State::send(CallId id, OutgoingCall call) {
  auto* const sender = sender_for(call.address);
  if (sender == nullptr) {
    return refuse(id, Errc::resource_exhausted, "more than " + std::to_string(max_addresses) + " service addresses");
  }
  if (!sender->attached() && !sender->refusal().empty()) {
    return refuse(id, Errc::unavailable, call.address + ": " + sender->refusal());
  }
  buffer.clear();
  encode_request(call, receiver->address(), id, buffer, &connection.profile().message());
  const bool sent = sender->send(buffer, [this, id, oneway = call.oneway](amqp::Outcome what, std::string_view why) {
    if (what != amqp::Outcome::accepted) return complete(id, failure(Errc::unavailable, std::string(why)));
    if (oneway) complete(id, Reply{});
  });
  if (!sent)
    return refuse(id, Errc::resource_exhausted, "the queue to " + call.address + " is full: its service is too slow");
  // What waits for the link is not handed over yet.
  if (call.oneway && sender->queued() == 0) {
    connection.loop().post([weak = weak_from_this(), id] {
      if (const auto self = weak.lock()) self->complete(id, Reply{});
    });
  }
}

void Client::State::refuse(CallId id, Errc code, std::string message) {
  // Never inside start(): the caller may hold what its handler needs.
  connection.loop().post([weak = weak_from_this(), id, code, text = std::move(message)]() mutable {
    if (const auto self = weak.lock()) self->complete(id, failure(code, std::move(text)));
  });
}

void Client::State::complete(CallId id, Reply&& reply) {
  auto done = pending.take(id);
  if (!done) return;
  ++(reply.error == Errc::ok ? counters.replied : counters.failed);
  done(std::move(reply));
}

void Client::State::on_reply(const amqp::Receiver::Message& message) {
  if (!message.settled) receiver->accept(message.ref);
  auto incoming = decode_reply(message.encoded);
  auto done = incoming ? pending.take(incoming->correlation) : Done();
  if (!done) {
    ++counters.late_replies;
    return;
  }
  ++(incoming->reply.error == Errc::ok ? counters.replied : counters.failed);
  done(std::move(incoming->reply));
}

void Client::State::ready() {
  auto calls = std::move(before_ready);
  before_ready.clear();
  for (auto& [id, call] : calls) send(id, std::move(call));
}

void Client::State::fail_all(const std::string& reason) {
  before_ready.clear();
  for (auto& done : pending.take_all()) {
    ++counters.failed;
    done(failure(Errc::unavailable, "the reply link to the broker was lost" + (reason.empty() ? "" : ": " + reason)));
  }
}

void Client::State::sweep_later() {
  if (sweeping || !pending.any_deadline()) return;
  sweeping = true;
  sweeper.expires_after(PendingCalls::granularity);
  sweeper.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->sweeping = false;
    for (auto& done : self->pending.expire(Clock::now())) {
      ++self->counters.expired;
      done(failure(Errc::deadline_exceeded, "no reply came before the deadline"));
    }
    self->sweep_later();
  });
}

amqp::Sender* Client::State::sender_for(const std::string& address) {
  const auto found = senders.find(address);
  if (found != senders.end()) return &found->second;
  if (senders.size() >= max_addresses) return nullptr;
  amqp::SenderOptions options_;
  options_.address = address;
  options_.capabilities = {"queue"};
  return &senders.emplace(address, connection.open_sender(options_)).first->second;
}

Client::Client(amqp::Client& connection, ClientOptions options)
    : state_(std::make_shared<State>(connection, options)) {}

Client::~Client() {
  for (auto& done : state_->pending.take_all()) done(failure(Errc::cancelled, "the client was destroyed"));
}

Client::CallId Client::start(OutgoingCall call, Done done) { return state_->start(std::move(call), std::move(done)); }

void Client::cancel(CallId id) {
  if (auto done = state_->pending.take(id)) {
    ++state_->counters.cancelled;
    done(failure(Errc::cancelled, "the caller cancelled"));
  }
}

asio::awaitable<Reply> Client::call(OutgoingCall call) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Reply)>(
      [this](auto handler, OutgoingCall outgoing) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        const auto id = start(std::move(outgoing),
                              [h = std::move(handler)](Reply&& reply) mutable { std::move(h)(std::move(reply)); });
        if (slot.is_connected()) {
          slot.assign([weak = std::weak_ptr(state_), id](asio::cancellation_type) {
            // Behind this turn: a handler must not run inside the emission of its own cancellation.
            const auto state = weak.lock();
            if (state) state->refuse(id, Errc::cancelled, "the caller cancelled");
          });
        }
      },
      asio::use_awaitable, std::move(call));
}

const ClientCounters& Client::counters() const noexcept { return state_->counters; }
std::size_t Client::in_flight() const noexcept { return state_->pending.size(); }

}  // namespace bascule::rpc
