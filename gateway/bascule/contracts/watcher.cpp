#include "bascule/contracts/watcher.hpp"

#include <boost/asio/steady_timer.hpp>

#include "bascule/amqp/client.hpp"
#include "bascule/amqp/message.hpp"
#include "bascule/rpc/client.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::contracts {
namespace {
constexpr const char* topic = "bascule.announce";
constexpr std::chrono::milliseconds tick_interval{500};
constexpr std::chrono::seconds describe_time{5};
}  // namespace

struct Watcher::State : std::enable_shared_from_this<State> {
  State(amqp::Client& c, rpc::Client& r, Changed on_change)
      : connection(c), calls(r), changed(std::move(on_change)), ticker(c.loop().context()) {}

  void start() {
    amqp::SenderOptions out;
    out.address = topic;
    out.capabilities = {"topic"};
    sender = std::make_unique<amqp::Sender>(connection.open_sender(out));
    amqp::ReceiverOptions in;
    in.address = topic;
    in.capabilities = {"topic"};
    in.settled = true;
    listener = std::make_unique<amqp::Receiver>(connection.open_receiver(
        in, [this](const amqp::Receiver::Message& message) { on_message(message); },
        [this](bool attached) {
          if (attached) ask();
        }));
    tick();
  }

  void ask() {
    amqp::OutgoingMessage message;
    message.to = topic;
    message.subject = "who";
    message.content_type = "application/json";
    message.body = R"({"state":"who"})";
    std::string encoded;
    message.encode(encoded);
    sender->send(encoded);
  }

  void on_message(const amqp::Receiver::Message& message) {
    if (!message.settled) listener->accept(message.ref);
    const auto view = amqp::MessageView::parse(message.encoded);
    if (!view) return;
    std::string scratch;
    const auto announcement = parse_announcement(view->body(scratch));
    if (!announcement) return;
    registry.announced(*announcement, Clock::now());
    settle();
  }

  // Whatever has changed in the registry is acted upon.
  void settle() {
    for (auto& wanted : registry.take_wanted()) describe(std::move(wanted));
    if (registry.take_changed()) changed(registry.services());
  }

  void describe(Registry::Wanted wanted) {
    rpc::OutgoingCall call;
    call.address = wanted.address;
    call.method = "bascule.describe";
    call.encoding = rpc::Encoding::json;
    call.options.deadline = Deadline::after(describe_time);
    call.options.idempotent = true;
    calls.start(std::move(call), [weak = weak_from_this(), w = std::move(wanted)](rpc::Reply&& reply) {
      const auto self = weak.lock();
      if (self == nullptr || self->stopped) return;
      self->on_described(w, reply);
      self->settle();
    });
  }

  void on_described(const Registry::Wanted& wanted, const rpc::Reply& reply) {
    if (reply.error != Errc::ok) {
      telemetry::warn("a service does not describe itself", {{"service", wanted.service}, {"reason", reply.message}});
      return registry.undescribed(wanted.service, wanted.digest, true);
    }
    try {
      auto contract = std::make_shared<const thrift::Descriptor>(thrift::Descriptor::parse(reply.body));
      telemetry::info("contract learnt", {{"service", wanted.service}, {"digest", contract->digest}});
      registry.described(wanted.service, wanted.digest, std::move(contract));
    } catch (const Error& error) {
      telemetry::error("contract refused", {{"service", wanted.service}, {"reason", error.what()}});
      registry.undescribed(wanted.service, wanted.digest, false);
    }
  }

  void tick() {
    ticker.expires_after(tick_interval);
    ticker.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || self == nullptr || self->stopped) return;
      if (self->listener->attached()) {
        self->registry.tick(Clock::now());
        self->settle();
      }
      self->tick();
    });
  }

  amqp::Client& connection;
  rpc::Client& calls;
  Changed changed;
  Registry registry;
  asio::steady_timer ticker;
  std::unique_ptr<amqp::Sender> sender;
  std::unique_ptr<amqp::Receiver> listener;
  bool stopped = false;
};

Watcher::Watcher(amqp::Client& connection, rpc::Client& calls, Changed changed)
    : state_(std::make_shared<State>(connection, calls, std::move(changed))) {}

Watcher::~Watcher() {
  state_->stopped = true;
  state_->ticker.cancel();
  if (state_->sender) state_->sender->close();
  if (state_->listener) state_->listener->close();
}

void Watcher::start() { state_->start(); }

bool Watcher::listening() const noexcept { return state_->listener != nullptr && state_->listener->attached(); }

}  // namespace bascule::contracts
