#include <chrono>

#include "bascule/amqp/message.hpp"
#include "bascule/amqp/reader.hpp"
#include "bascule/events/publisher.hpp"
#include "bascule/service/subscription.hpp"
#include "bascule/telemetry/metrics.hpp"
#include "interop/brokers/peer.hpp"

namespace bascule::test {
namespace {

std::int64_t wall_clock() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

asio::awaitable<void> publish(amqp::Client& connection, Words words) {
  events::Publisher publisher(connection);
  const int count = std::stoi(words.at(2)), keys = std::stoi(words.at(3)), delay = std::stoi(words.at(5));
  for (int i = 0; i < count; ++i) {
    events::Event event;
    event.topic = words.at(1);
    event.type = "test.Happened";
    // "PREFIX!" repeats one id.
    event.id = words.at(4).ends_with('!') ? words.at(4) : words.at(4) + "-" + std::to_string(i);
    event.source = "broker-peer";
    event.key = keys == 0 ? "" : "key" + std::to_string(i % keys);
    event.time_ms = wall_clock();
    event.body = event.id;
    if (delay != 0) event.deliver_at_ms = event.time_ms + delay;
    co_await publisher.publish(event);
  }
  say("published " + std::to_string(count));
}

asio::awaitable<void> subscribe(amqp::Client& connection, Words words) {
  const auto mode = words.at(4);
  telemetry::Registry metrics;
  const service::Platform platform{};
  service::Subscription::Options options{words.at(1), mode == "reject" ? "other.Type" : "test.Happened", words.at(2),
                                         words.at(3)};
  auto handler = [&](service::Context&, std::string_view body) -> asio::awaitable<void> {
    say("event " + std::string(body) + " " + std::to_string(wall_clock()));
    if (mode == "fail") throw std::runtime_error("told to fail");
    if (mode == "hold") co_await pause(connection, std::chrono::hours(1));
  };
  service::Subscription subscription(connection, platform, options, handler, metrics);
  while (!subscription.attached()) co_await pause(connection, std::chrono::milliseconds(5));
  say("ready");
  while (true) co_await pause(connection, std::chrono::hours(1));
}

asio::awaitable<void> refuse(amqp::Client& connection, Words words) {
  amqp::ReceiverOptions options;
  options.address = words.at(1);
  options.capabilities = {"topic", "shared", "global"};
  options.name = words.at(2) + "|refuser|";
  options.durable = true;
  std::unique_ptr<amqp::Receiver> receiver;
  receiver =
      std::make_unique<amqp::Receiver>(connection.open_receiver(options, [&](const amqp::Receiver::Message& message) {
        say("attempt");
        receiver->release(message.ref, true);
      }));
  while (!receiver->attached()) co_await pause(connection, std::chrono::milliseconds(5));
  say("ready");
  while (true) co_await pause(connection, std::chrono::hours(1));
}

asio::awaitable<void> read(amqp::Client& connection, Words words) {
  amqp::ReceiverOptions options;
  options.address = words.at(1);
  options.capabilities = {"queue"};
  std::unique_ptr<amqp::Receiver> receiver;
  receiver =
      std::make_unique<amqp::Receiver>(connection.open_receiver(options, [&](const amqp::Receiver::Message& message) {
        const auto view = amqp::MessageView::parse(message.encoded);
        const auto id = view ? amqp::Reader(view->properties().message_id).text() : std::nullopt;
        say("message " + std::string(id.value_or("?")));
        receiver->accept(message.ref);
      }));
  while (!receiver->attached()) {
    if (!receiver->refusal().empty()) say("refused " + receiver->refusal());
    co_await pause(connection, std::chrono::milliseconds(50));
  }
  say("ready");
  while (true) co_await pause(connection, std::chrono::hours(1));
}

}  // namespace bascule::test
