// amqp::Client: one connection to a broker that stays up: it reconnects with jittered backoff and attaches its links again.
//
// What: owns Senders and Receivers; whoever uses them sees a link that is ready or not, never a dead object.
// Errors: a lost connection fails unsettled and queued sends with Outcome::lost and tells on_state(); a link the broker
// refuses is retried every second, and its reason kept.
// Bounds: each sender queues at most `max_queued` messages and `max_queued_bytes` while it has no credit.
// Lifetime: links are owned by the client and live until closed. Thread safety: the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/amqp/connector.hpp"
#include "bascule/amqp/frame_guard.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/loop/unique_function.hpp"

namespace bascule::profile {
class Profile;
}

namespace bascule::amqp {

struct ClientOptions {
  std::string url = "amqp://127.0.0.1:5672";  ///< or amqps://; url.hpp says what it may hold
  std::string container_id;                   ///< empty: a random one
  std::chrono::milliseconds idle_timeout{30'000};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds reconnect_min{50}, reconnect_max{5'000};
  std::chrono::milliseconds link_retry{1'000};  ///< how long a refused link waits before it asks again
  FrameLimits limits;
  Connector connector;  ///< null: as the URL says
};

/// What became of a message that was sent.
enum class Outcome : std::uint8_t {
  accepted,
  rejected,  ///< the broker will not take it; the text says why
  released,  ///< not taken, may be sent again
  modified,  ///< not taken, may be sent again, and counted
  lost,      ///< the connection went away first: it may or may not have been taken
  refused,   ///< never left this process: no link, or a bound was met
};
std::string_view to_string(Outcome outcome) noexcept;

/// `text`: "condition: sentence" for everything but accepted; valid during the call.
using OutcomeHandler = UniqueFunction<void(Outcome outcome, std::string_view text)>;

struct SenderOptions {
  std::string address;                    ///< empty: the anonymous relay, routed by each message's `to`
  std::vector<std::string> capabilities;  ///< of the target: "queue", "topic"
  bool settled = true;                    ///< sent settled: no outcome follows; otherwise one each
  bool scheduled = false;                 ///< messages that are due later: see profile::Profile::scheduled()
  std::size_t max_queued = 65536;
  std::size_t max_queued_bytes = 64 * 1024 * 1024;
};

class Sender {
 public:
  struct State;
  explicit Sender(std::shared_ptr<State> state) : state_(std::move(state)) {}

  /// Sends an encoded message, or queues it until there is credit. The handler runs once: for an unsettled link always; for
  /// a settled one only for a message that had to be queued: sent (accepted), or dropped. Never runs inside send(). Returns
  /// false (and drops the handler) when the queue is at its bound.
  bool send(std::string_view encoded, OutcomeHandler handler = nullptr);
  bool attached() const noexcept;
  int credit() const noexcept;
  std::size_t queued() const noexcept;
  /// Why the broker refused the link last; empty when it did not.
  const std::string& refusal() const noexcept;
  /// Detaches; queued messages fail with Outcome::refused.
  void close();

 private:
  std::shared_ptr<State> state_;
};

/// A received message that is to be settled. A value; settling one whose connection has gone does nothing.
struct DeliveryRef {
  void* delivery = nullptr;
  std::uint64_t epoch = 0;
};

struct ReceiverOptions {
  std::string address;                    ///< empty: a dynamic node, made by the broker
  std::vector<std::string> capabilities;  ///< of the source: "queue", "topic", "shared", "global"
  std::string name;                       ///< link name; empty: unique
  bool durable = false;                   ///< a durable subscription: terminus durability 2, expiry-policy never
  bool browse = false;                    ///< distribution-mode copy
  bool settled = false;                   ///< ask the broker to send settled (at most once)
  std::uint32_t credit = 256;             ///< messages in flight or in hand
  std::size_t max_message_size = 16 * 1024 * 1024;
};

class Receiver {
 public:
  struct State;
  /// `encoded` is valid during the call. A settled delivery needs no settling; any other one does, now or later.
  struct Message {
    std::string_view encoded;
    DeliveryRef ref;
    bool settled = false;
  };
  using Handler = UniqueFunction<void(const Message&)>;
  explicit Receiver(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void accept(DeliveryRef ref);
  /// Accepts it before the work on it begins: it will not come again. It keeps its place among what is in hand until done().
  void accept_early(DeliveryRef ref);
  void done(DeliveryRef ref);
  /// Gives it back to the queue; `failed` counts it as a failed delivery.
  void release(DeliveryRef ref, bool failed = false);
  /// Refuses it for good: the broker dead-letters it with this condition and sentence.
  void reject(DeliveryRef ref, const char* condition, std::string_view description);
  /// Changes how many messages may be in flight or in hand; 0 stops the flow.
  void set_credit(std::uint32_t credit);
  bool attached() const noexcept;
  /// The address the broker gave a dynamic node, or the one asked for. Changes with every reconnection of a dynamic node.
  const std::string& address() const noexcept;
  const std::string& refusal() const noexcept;
  /// Messages in hand: delivered, not settled.
  std::uint32_t in_hand() const noexcept;
  /// Closes the link. With `forget` a durable subscription is deleted too.
  void close(bool forget = false);

 private:
  std::shared_ptr<State> state_;
};

struct ClientCounters {
  std::uint64_t connects = 0, disconnects = 0, connect_failures = 0;
};

class Client {
 public:
  Client(Loop& loop, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Connects, and keeps connected. Links opened before or after are attached as soon as there is a connection.
  void start();
  /// Closes in order: CLOSE, then the socket; `closed` runs once it is over. Nothing reconnects after.
  void close(UniqueFunction<void()> closed = nullptr);
  bool connected() const noexcept;
  /// Why the last connection ended or could not be made; empty after an orderly close.
  const std::string& last_error() const noexcept;
  Loop& loop() noexcept;
  const std::string& container_id() const noexcept;
  /// How the broker is spoken to: what the address names, otherwise as it was recognised when the connection was last opened.
  const profile::Profile& profile() const noexcept;

  Sender open_sender(SenderOptions options);
  /// `changed(true)` runs each time the link is attached (its address may have changed), `changed(false)` when it is lost.
  Receiver open_receiver(ReceiverOptions options, Receiver::Handler handler,
                         std::function<void(bool)> changed = nullptr);

  /// `changed(up, reason)` runs on every change; after a loss, before any link is attached again. Returns an id.
  using StateHandler = std::function<void(bool up, const std::string& reason)>;
  std::uint64_t on_state(StateHandler changed);
  void forget_state_handler(std::uint64_t id);

  const ClientCounters& counters() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bascule::amqp
