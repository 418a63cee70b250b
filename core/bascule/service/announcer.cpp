#include "bascule/service/announcer.hpp"

#include "bascule/amqp/message.hpp"

namespace bascule::service {

namespace {
constexpr const char* topic = "bascule.announce";
}

struct Announcer::State : std::enable_shared_from_this<State> {
  State(amqp::Client& c, std::string i, std::vector<Announcement> w, std::chrono::milliseconds every)
      : connection(c), instance(std::move(i)), what(std::move(w)), interval(every), timer(c.loop().context()) {}

  void start() {
    amqp::SenderOptions out;
    out.address = topic;
    out.capabilities = {"topic"};
    sender = std::make_unique<amqp::Sender>(connection.open_sender(out));
    amqp::ReceiverOptions in;
    in.address = topic;
    in.capabilities = {"topic"};
    in.settled = true;
    listener = std::make_unique<amqp::Receiver>(
        connection.open_receiver(in, [this](const amqp::Receiver::Message& m) { on_message(m); }));
    state_handler = connection.on_state([this](bool up, const std::string&) {
      if (up) say("up");
    });
    if (connection.connected()) say("up");
    again();
  }

  void on_message(const amqp::Receiver::Message& message) {
    if (!message.settled) listener->accept(message.ref);
    const auto view = amqp::MessageView::parse(message.encoded);
    if (!view) return;
    std::string scratch;
    // Our own and others' announcements come here too; only the question matters.
    if (view->properties().subject == "who") say("up");
  }

  void say(std::string_view what_state) {
    if (withdrawn || !connection.connected()) return;
    for (const auto& item : what) {
      // Every value is ours and free of quotes: names, digests, hex.
      const std::string body = "{\"service\":\"" + item.service + "\",\"instance\":\"" + instance +
                               "\",\"address\":\"" + item.address + "\",\"digest\":\"" + item.digest +
                               "\",\"state\":\"" + std::string(what_state) +
                               "\",\"interval_ms\":" + std::to_string(interval.count()) + "}";
      amqp::OutgoingMessage message;
      message.to = topic;
      message.subject = what_state;
      message.content_type = "application/json";
      message.header.ttl = static_cast<std::uint32_t>(interval.count());
      message.body = body;
      std::string encoded;
      message.encode(encoded);
      sender->send(encoded);
    }
  }

  void again() {
    timer.expires_after(interval);
    timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->withdrawn) return;
      self->say("up");
      self->again();
    });
  }

  amqp::Client& connection;
  std::string instance;
  std::vector<Announcement> what;
  std::chrono::milliseconds interval;
  asio::steady_timer timer;
  std::unique_ptr<amqp::Sender> sender;
  std::unique_ptr<amqp::Receiver> listener;
  std::uint64_t state_handler = 0;
  bool withdrawn = false;
};

Announcer::Announcer(amqp::Client& connection, std::string instance, std::vector<Announcement> what,
                     std::chrono::milliseconds interval)
    : state_(std::make_shared<State>(connection, std::move(instance), std::move(what), interval)) {}

Announcer::~Announcer() {
  state_->withdrawn = true;
  state_->timer.cancel();
  state_->connection.forget_state_handler(state_->state_handler);
  if (state_->sender) state_->sender->close();
  if (state_->listener) state_->listener->close();
}

void Announcer::start() { state_->start(); }

void Announcer::withdraw() {
  state_->say("down");
  state_->withdrawn = true;
  state_->timer.cancel();
}

}  // namespace bascule::service
