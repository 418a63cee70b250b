#include "bascule/service/subscription.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "bascule/loop/backoff.hpp"
#include "bascule/loop/random.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::service {
namespace {
// Failures in a row, of the handler's own making, after which the event is given back and counted as a failed delivery.
constexpr std::uint32_t attempts_in_hand = 4;
constexpr Backoff::Limits retry{std::chrono::milliseconds(200), std::chrono::seconds(10),
                                std::chrono::milliseconds(20)};

telemetry::Counter& counter(telemetry::Registry& metrics, const Subscription::Options& options, const char* outcome) {
  return metrics.counter("bascule_events_total", "Events taken, by outcome.", {"group", "type", "outcome"})
      .with({options.group, options.type, outcome});
}
}  // namespace

Subscription::Subscription(amqp::Client& connection, const Platform& platform, Options options, Handler handler,
                           telemetry::Registry& metrics)
    : loop_(connection.loop()),
      platform_(platform),
      options_(std::move(options)),
      handler_(std::move(handler)),
      handled_(counter(metrics, options_, "handled")),
      duplicates_(counter(metrics, options_, "duplicate")),
      failures_(counter(metrics, options_, "failed")),
      rejected_(counter(metrics, options_, "rejected")) {
  amqp::ReceiverOptions source;
  source.address = options_.topic;
  source.capabilities = {"topic", "shared", "global"};
  // The group is what stands before the bar; the rest makes the name unique, as links of one connection must be.
  source.name = options_.group + "|" + options_.instance + "|" + options_.type;
  source.durable = true;
  source.credit = options_.credit;
  receiver_ = std::make_unique<amqp::Receiver>(
      connection.open_receiver(source, [this](const amqp::Receiver::Message& m) { on_message(m); }));
}

void Subscription::on_message(const amqp::Receiver::Message& message) {
  if (draining_) return receiver_->release(message.ref);
  auto incoming = events::decode_event(message.encoded);
  if (!incoming || incoming->event.type != options_.type) {
    rejected_.add();
    return receiver_->reject(message.ref, "amqp:decode-error", "not a CloudEvent of type " + options_.type);
  }
  const auto key = incoming->event.key;
  ++open_;
  if (auto item = order_.push(key, {std::move(*incoming), message.ref})) begin(std::move(*item));
}

void Subscription::begin(Item item) { asio::co_spawn(loop_.context(), run(std::move(item)), asio::detached); }

asio::awaitable<void> Subscription::run(Item item) {
  const auto& event = item.incoming.event;
  // Tried again in hand first: given back, it would be overtaken by the later events of its key that are already here.
  bool counted = true;
  for (std::uint32_t attempt_number = 1;; ++attempt_number) {
    std::string reason;
    try {
      (co_await attempt(item.incoming) ? handled_ : duplicates_).add();
      receiver_->accept(item.ref);
      co_return finished(event.key);
    } catch (const Error& error) {
      // What is not here now (a database, another service) is not the event's fault.
      counted = error.code() != Errc::unavailable && error.code() != Errc::deadline_exceeded;
      reason = error.what();
    } catch (const std::exception& error) {
      counted = true;
      reason = error.what();
    }
    failures_.add();
    telemetry::warn("an event could not be handled; it will be tried again",
                    {{"type", event.type}, {"id", event.id}, {"attempt", attempt_number}, {"reason", reason}},
                    event.trace);
    if (draining_ || (counted && attempt_number >= attempts_in_hand)) break;
    co_await pause(attempt_number);
  }
  receiver_->release(item.ref, counted);
  finished(event.key);
}

asio::awaitable<bool> Subscription::attempt(const events::IncomingEvent& incoming) {
  const auto& event = incoming.event;
  rpc::CallOptions options;
  options.trace = event.trace;
  Work work(platform_, std::move(options));
  if (platform_.database != nullptr) {
    // Named, because GCC 12 destroys a temporary made from braces twice when it is part of a co_await expression.
    InboxKey key{"event:" + options_.group + ":" + options_.type, event.id, {}};
    const auto done = co_await work.begin_once(std::move(key));
    if (done) co_return false;
  }
  co_await handler_(work, event.body);
  co_await work.commit({});
  co_return true;
}

asio::awaitable<void> Subscription::pause(std::uint32_t attempts) {
  Backoff backoff(retry);
  Backoff::Duration wait{};
  for (std::uint32_t i = 0; i < std::min(attempts, 10u); ++i) wait = backoff.next(random_bits());
  asio::steady_timer timer(loop_.context(), wait);
  co_await timer.async_wait(asio::use_awaitable);
}

void Subscription::finished(const std::string& key) {
  --open_;
  if (auto next = order_.finished(key)) {
    if (draining_) {
      // Its turn came too late: it goes back as it came.
      receiver_->release(next->ref);
      const auto again = next->incoming.event.key;
      return finished(again);
    }
    begin(std::move(*next));
  }
  if (open_ == 0 && draining_ && drained_) std::exchange(drained_, nullptr)();
}

void Subscription::drain(UniqueFunction<void()> drained) {
  draining_ = true;
  drained_ = std::move(drained);
  receiver_->set_credit(0);
  if (open_ == 0) {
    loop_.post([this] {
      if (auto done = std::exchange(drained_, nullptr)) done();
    });
  }
}

}  // namespace bascule::service
