// Router: which node an address names, and the life of nodes: queues, topics, subscriptions, dynamic nodes.
//
// Nodes come to be when the first link attaches (capability `queue` or `topic` decides; without one, an
// address under a topic prefix is a topic and any other a queue) and an unused one goes with its last link.
// Dynamic nodes live as long as the link that made them. Subscriptions are queues named
// `<topic>::<subscription>`, bound to every topic that matches. Bound: max_nodes, then
// amqp:resource-limit-exceeded. Thread safety: the broker's loop only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bascule/broker/address_settings.hpp"
#include "bascule/broker/queue.hpp"
#include "bascule/broker/topic.hpp"
#include "bascule/loop/deadline.hpp"

namespace bascule::broker {

/// The system's clock, milliseconds since the epoch.
std::int64_t wall_milliseconds();

struct RouterSettings {
  QueueSettings queue = {};
  std::vector<AddressSettings> addresses = {};
  /// Dynamic nodes: replies nobody reads are refused early.
  QueueSettings dynamic{.max_messages = 65'536,
                        .max_bytes = 64U << 20,
                        .overflow = Overflow::reject,
                        .max_deliveries = 0,
                        .dedup = {.by_property = false},
                        .durable = false,
                        .groups = false,
                        .yields = false,
                        .dead_letters = false};
  std::size_t max_nodes = 100'000;
  bool auto_create = true;
  std::vector<std::string> topic_prefixes = {"events.", "bascule."};
  /// Messages in memory, of all queues together: above, those that can be read back leave it.
  std::uint64_t memory_pages = 64U << 20;
  /// Above, producers get no credit, until it is less than 4/5.
  std::uint64_t memory_high = 256U << 20;
  std::string rpc_prefix = "rpc.";
  /// A queue's dead letters are in the queue of this prefix and its address.
  std::string dead_letter_prefix = "dlq.";
  bool dead_letter_expired = false;                           ///< expired messages are dead letters too
  std::function<std::int64_t()> wall_ms = wall_milliseconds;  ///< scheduled delivery, time of a dead letter
};

enum class Refusal : std::uint8_t {
  none,
  not_found,    ///< no such node, and it may not be created
  wrong_kind,   ///< a topic was asked for and it is a queue, or the other way
  too_many,     ///< max_nodes
  bad_address,  ///< empty, too long, or a pattern where a name is needed
  in_use,       ///< the subscription has another filter, and consumers
  not_owner,    ///< the subscription is another user's
  disk_full,    ///< it could not be stored
};

struct Opened {
  Node* node = nullptr;
  Refusal refusal = Refusal::none;
};

/// What a link asks of an address by its terminus capabilities.
struct Wanted {
  bool queue = false;
  bool topic = false;
  bool declared = false;  ///< by an administrator: it may be made although links may not make nodes
};

struct SubscriptionSpec {
  std::string topic;      ///< an address or a pattern
  std::string name = {};  ///< unique under the topic; empty: the broker names it
  bool durable = false;
  SubscriptionFilter filter = {};
  Expiry expiry = {.when = durable ? Expiry::When::never : Expiry::When::link_detach};
  std::string owner = {};  ///< who makes it; empty: nobody had to log in
  /// Asked, of one that is there, whether its owner may be disregarded; null: yes.
  std::function<bool(std::string_view owner)> may_use = {};
};

class Router final : public QueueEvents, public Recovery {
 public:
  Router(RouterSettings settings, Storage& storage);
  ~Router();

  Node* find(std::string_view address) const noexcept;
  /// For a link. A topic and a pattern are told apart by is_pattern().
  Opened open(std::string_view address, Wanted wanted);
  /// Routes one message of the anonymous relay. None: no such node.
  Node* route(std::string_view address);
  bool is_topic(std::string_view address, Wanted wanted) const noexcept;

  Queue& create_dynamic();
  /// A topic that lives as long as the link that made it.
  Topic& create_dynamic_topic();
  /// The subscription (its node is a Queue), made if it does not exist. One that has another filter is made anew, and
  /// its messages are gone (JMS 2.0, 8.3.5), unless it has consumers.
  Opened subscribe(const SubscriptionSpec& spec);
  /// The durable subscription of this name under any topic; null when there is none.
  Queue* find_subscription(std::string_view name) const noexcept;
  /// What a subscription is bound by: an address or a pattern.
  const std::string& topic_of(const Queue& subscription) const;
  /// Who made a subscription; empty: it is none, or nobody had to log in.
  const std::string& owner_of(const Node& node) const;
  /// Whether a subscription outlives the link of a consumer, and until when.
  Expiry expiry_of(const Node& node) const;
  bool is_dynamic(const Node& node) const noexcept;
  /// Deletes a node: its links hear it, its messages are gone.
  void remove(Node& node);
  /// A link left this node: deletes it when it is of no more use.
  void left(Node& node, Time now = Clock::now());
  /// The session or connection of the last link to a subscription ended: it may expire from now on.
  void ended(std::string_view subscription, Expiry::When what, Time now);

  /// A declared node stays although nothing uses it.
  bool keep(Node& node);
  /// A node that the broker itself serves ("$management").
  void add_service(std::unique_ptr<Node> service);

  void sweep(Time now);
  /// Gives back memory when there is more than memory_pages of messages, and looks at the watermark.
  void relieve_memory();
  /// A watermark was passed or is clear.
  void pressure_changed();
  /// StorageListener, for all queues.
  void holders(Lsn lsn, std::vector<Holding>& queues);
  void spoilt(Lsn lsn, const std::string& why);
  void restore_queue(QueueId id, const std::string& address, const std::string& definition) override;
  void restore_message(const StoredMessage& message, std::span<const Holding> queues, Time now) override;
  void restore_key(QueueId node, Bytes key, Time until) override;
  void stop_queue(QueueId queue, const std::string& why) override;
  void for_each(const std::function<void(Node&)>& visit) const;
  std::size_t size() const noexcept { return nodes_.size(); }

  bool discarded(Queue& queue, const Departure& departure, Time now) override;
  bool answer_lost(Queue& queue, const Message& request, Time now) override;
  bool wants_expired() const noexcept override { return settings_.dead_letter_expired; }
  void more_to_look(Queue& queue) override;
  /// Called when look_on() should be, in another turn; once until it is.
  void on_more_to_look(std::function<void()> wanted) { look_on_wanted_ = std::move(wanted); }
  void look_on(Time now);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct Held {
    std::unique_ptr<Node> node = nullptr;
    bool dynamic = false;
    bool kept = false;
    bool durable_subscription = false;
    std::string pattern = {};  // a subscription: the topic or pattern it is bound by
    std::string owner = {};
    Expiry expiry = {};
  };

  void page_out(std::uint64_t wanted);
  void expire_subscriptions(Time now);
  void declared(Queue& queue) override;
  Queue& add_queue(std::string address, const QueueSettings& settings, Held extra, std::string definition = {});
  QueueSettings subscription_settings(std::string_view topic) const;
  QueueSettings settings_for(std::string_view address) const;
  Queue* dead_letters_of(const Queue& queue);
  Topic& add_topic(std::string address, bool dynamic = false);
  void bind(Queue& subscription, const std::string& pattern);

  const RouterSettings settings_;
  Storage& storage_;
  std::unordered_map<std::string, Held, Hash, std::equal_to<>> nodes_;
  std::vector<Queue*> patterns_;                                   // subscriptions by pattern
  std::unordered_map<std::string, std::optional<Time>> expiring_;  // subscriptions without links; none: counts from now
  std::unordered_map<QueueId, Queue*> stored_;                     // by their number in the storage
  std::unordered_map<QueueId, Topic*> restored_topics_;
  std::vector<Queue*> sweeping_, paging_;  // scratch
  std::vector<Queue*> looking_;            // have more to look at
  std::function<void()> look_on_wanted_;
  Topic nowhere_;  // where a message to a topic without subscriptions goes
};

}  // namespace bascule::broker
