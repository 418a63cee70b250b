#include "bascule/rpc/server.hpp"

#include "bascule/amqp/client.hpp"
#include "bascule/profile/profile.hpp"
#include "bascule/rpc/wire.hpp"

namespace bascule::rpc {

struct Server::State : std::enable_shared_from_this<State> {
  State(amqp::Client& c, ServerOptions o, Handler h) : connection(&c), options(std::move(o)), handler(std::move(h)) {}

  void attach();
  void on_message(const amqp::Receiver::Message& message);
  void begin(IncomingCall&& call, bool early);
  void answer(IncomingCall::Origin& origin, OutgoingReply reply);
  void finished_one();

  amqp::Client* connection;  // null once the server is gone
  ServerOptions options;
  Handler handler;
  ServerCounters counters;
  std::unique_ptr<amqp::Receiver> requests;
  std::unique_ptr<amqp::Sender> replies;
  std::string buffer;
  std::size_t open = 0;
  UniqueFunction<void()> drained;
  bool draining = false;
};

struct IncomingCall::Origin {
  std::shared_ptr<Server::State> server;
  amqp::DeliveryRef delivery;
  std::string reply_to, correlation_id;
  Encoding encoding = Encoding::compact;
  bool early = false;  // accepted before it was begun
};

void Server::State::attach() {
  amqp::SenderOptions relay;  // the anonymous relay: any reply-to
  replies = std::make_unique<amqp::Sender>(connection->open_sender(relay));
  amqp::ReceiverOptions queue;
  queue.address = options.address;
  queue.capabilities = {"queue"};
  queue.credit = options.concurrency;
  requests = std::make_unique<amqp::Receiver>(
      connection->open_receiver(queue, [this](const amqp::Receiver::Message& m) { on_message(m); }));
}

void Server::State::on_message(const amqp::Receiver::Message& message) {
  if (draining) return requests->release(message.ref);
  ++counters.received;
  const auto& rules = connection->profile().message();
  auto request = decode_request(message.encoded, &rules);
  if (!request) {
    ++counters.malformed;
    return requests->reject(message.ref, "amqp:decode-error",
                            "not a request: a subject (the method) and a Thrift content-type are needed");
  }
  if (request->options.deadline.expired()) {
    ++counters.expired;
    return requests->accept(message.ref);  // nobody waits for it any more
  }
  auto origin = std::make_unique<IncomingCall::Origin>();
  origin->server = shared_from_this();
  origin->delivery = message.ref;
  origin->reply_to = std::move(request->reply_to);
  origin->correlation_id = std::move(request->correlation_id);
  origin->encoding = request->encoding;
  // Where nothing tells that a request was delivered before, one that must not run twice is never given back.
  const bool early = origin->early = rules.redelivered_untold && !request->options.idempotent;
  if (early) requests->accept_early(message.ref);
  ++open;
  IncomingCall call(std::move(origin));
  call.method = std::move(request->method);
  call.body = std::move(request->body);
  call.encoding = request->encoding;
  call.options = std::move(request->options);
  call.delivery_count = request->delivery_count;
  if (call.delivery_count > 0 && !call.options.idempotent) {
    // Another instance had begun it: running it again could do its work twice.
    ++counters.refused_redelivery;
    return call.fail(Errc::unavailable, "the instance that had begun " + call.method +
                                            " was lost; whether it took effect is not known, and it is not idempotent");
  }
  begin(std::move(call), early);
}

void Server::State::begin(IncomingCall&& call, bool early) {
  if (!early) return handler(std::move(call));
  // In the turn after: then the acceptance is on its way.
  connection->loop().post([self = shared_from_this(), held = std::make_shared<IncomingCall>(std::move(call))] {
    if (self->connection != nullptr) self->handler(std::move(*held));
  });
}

void Server::State::answer(IncomingCall::Origin& origin, OutgoingReply reply) {
  ++(reply.error == Errc::ok ? counters.replied : counters.failed);
  if (connection != nullptr) {
    if (!origin.reply_to.empty()) {
      buffer.clear();
      reply.to = origin.reply_to;
      reply.correlation_id = origin.correlation_id;
      encode_reply(reply, buffer);
      replies->send(buffer);
    }
    origin.early ? requests->done(origin.delivery) : requests->accept(origin.delivery);
  }
  finished_one();
}

void Server::State::finished_one() {
  if (--open == 0 && draining && drained) std::exchange(drained, nullptr)();
}

IncomingCall::IncomingCall(std::unique_ptr<Origin> origin) : origin_(std::move(origin)) {
  expects_reply = !origin_->reply_to.empty();
}
IncomingCall::IncomingCall(IncomingCall&&) noexcept = default;
IncomingCall& IncomingCall::operator=(IncomingCall&& other) noexcept {
  if (this != &other) {
    if (origin_) fail(Errc::internal, "the handler gave up without an answer");
    method = std::move(other.method);
    body = std::move(other.body);
    encoding = other.encoding;
    options = std::move(other.options);
    delivery_count = other.delivery_count;
    expects_reply = other.expects_reply;
    origin_ = std::move(other.origin_);
  }
  return *this;
}
IncomingCall::~IncomingCall() {
  if (origin_) fail(Errc::internal, "the handler gave up without an answer");
}

void IncomingCall::reply(std::string message, std::string_view type) {
  if (!origin_) return;
  const auto origin = std::move(origin_);
  OutgoingReply out;
  out.body = message;
  out.content_type = type.empty() ? content_type(origin->encoding) : type;
  origin->server->answer(*origin, out);
}

void IncomingCall::fail(Errc code, std::string_view message) {
  if (!origin_) return;
  const auto origin = std::move(origin_);
  OutgoingReply out;
  out.error = code;
  out.error_message = message;
  out.content_type = content_type(origin->encoding);
  origin->server->answer(*origin, out);
}

Server::Server(amqp::Client& connection, ServerOptions options, Handler handler)
    : state_(std::make_shared<State>(connection, std::move(options), std::move(handler))) {
  state_->attach();
}

Server::~Server() {
  state_->requests->close();
  state_->replies->close();
  state_->connection = nullptr;
}

void Server::drain(UniqueFunction<void()> drained) {
  auto& s = *state_;
  s.draining = true;
  s.drained = std::move(drained);
  s.requests->set_credit(0);
  if (s.open == 0) {
    s.connection->loop().post([state = state_] {
      if (auto done = std::exchange(state->drained, nullptr)) done();
    });
  }
}

bool Server::attached() const noexcept { return state_->requests->attached(); }
const ServerCounters& Server::counters() const noexcept { return state_->counters; }

}  // namespace bascule::rpc
