// Subscription: gives the events of one topic to a handler, each once in effect, those of one key in order.
//
// What: a durable shared subscription of the consumer group; the handler's transaction holds the inbox row; `accepted` is
// sent only after commit. A handler that throws is tried again in hand, after pauses that grow, so that its key keeps its
// order; after some failures of its own making the event is given back as a failed delivery (and dead-letters in the end). A
// database that is down is waited for. What cannot be decoded is rejected with the reason.
// Thread safety: the loop's thread. Lifetime: must outlive the events it runs; drain first.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bascule/amqp/client.hpp"
#include "bascule/events/event.hpp"
#include "bascule/service/keyed_queue.hpp"
#include "bascule/service/work.hpp"
#include "bascule/telemetry/metrics.hpp"

namespace bascule::service {

class Subscription {
 public:
  using Handler = std::function<asio::awaitable<void>(Context&, std::string_view message)>;
  struct Options {
    std::string topic, type;
    std::string group;     ///< the consumer group: the service's name
    std::string instance;  ///< unique to this process
    std::uint32_t credit = 64;
  };
  Subscription(amqp::Client& connection, const Platform& platform, Options options, Handler handler,
               telemetry::Registry& metrics);

  void drain(UniqueFunction<void()> drained);
  /// Whether events come: the broker has the subscription.
  bool attached() const noexcept { return receiver_->attached(); }

 private:
  struct Item {
    events::IncomingEvent incoming;
    amqp::DeliveryRef ref;
  };
  void on_message(const amqp::Receiver::Message& message);
  void begin(Item item);
  asio::awaitable<void> run(Item item);
  asio::awaitable<bool> attempt(const events::IncomingEvent& incoming);
  asio::awaitable<void> pause(std::uint32_t attempts);
  void finished(const std::string& key);

  Loop& loop_;
  const Platform& platform_;
  Options options_;
  Handler handler_;
  KeyedQueue<Item> order_;
  telemetry::Counter &handled_, &duplicates_, &failures_, &rejected_;
  std::unique_ptr<amqp::Receiver> receiver_;
  UniqueFunction<void()> drained_;
  std::size_t open_ = 0;
  bool draining_ = false;
};

}  // namespace bascule::service
