// Queue: messages in order, each handed to one of the competing consumers, until it is settled.
//
// A pure state machine: time is passed in, nothing is sent or read here. Order: position; what comes back
// (released, modified, lost) keeps its position, so that it is the next to be handed out. Expired messages
// are never handed out and leave by time, wherever they stand. Bounds: messages and bytes, held and unsettled
// together; at the bound it rejects, drops the oldest available, or blocks (producers get no credit; what was
// already on its way is taken up to twice the bound, then refused). Thread safety: the broker's loop only.
// Lifetime: owned by the Router; its destructor tells consumers and producers.
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <queue>
#include <unordered_map>
#include <vector>

#include "bascule/broker/consumer.hpp"
#include "bascule/broker/node.hpp"
#include "bascule/broker/storage.hpp"
#include "bascule/broker/time_index.hpp"

namespace bascule::broker {

enum class Overflow : std::uint8_t { block, reject, drop_head };

struct QueueSettings {
  std::uint64_t max_messages = 1'000'000;
  std::uint64_t max_bytes = 256U << 20;
  Overflow overflow = Overflow::block;
  std::uint32_t max_deliveries = 10;  ///< attempts before it is discarded as undeliverable; 0: no bound
  bool durable = true;                ///< a durable message in it is stored
  bool rpc = false;                   ///< the lost-instance rule of docs/protocol.md holds
  bool groups = true;                 ///< messages of one group-id go to one consumer at a time, in order
  bool yields = true;                 ///< a watermark stops its producers' credit
  bool dead_letters = true;           ///< rejected and undeliverable messages are kept in the dead-letter queue
};

/// Why a message left without having been accepted.
enum class Discard : std::uint8_t { expired, rejected, undeliverable, dropped, purged };

struct QueueCounters {
  std::uint64_t enqueued = 0, moved = 0, accepted = 0, returned = 0, refused = 0;
  std::uint64_t expired = 0, rejected = 0, undeliverable = 0, dropped = 0, purged = 0, answered_lost = 0;
};

class Topic;

/// Hears what becomes of messages; the Router, which dead-letters and answers.
class QueueEvents {
 public:
  /// Called before the message is gone. `outcome` is given for rejected.
  virtual void discarded(Queue& queue, const MessageRef& message, std::uint32_t delivery_count, Discard why,
                         const Outcome* outcome, Time now) = 0;
  /// A request whose consumer was lost and which must not be run again: answer its caller. False when it
  /// cannot be answered (no reply-to), and then it is redelivered.
  virtual bool answer_lost(Queue& queue, const Message& request, Time now) = 0;
  /// It has a number in the storage now.
  virtual void declared(Queue& /*queue*/) {}
  /// Whether discarded() needs the bytes of what expired.
  virtual bool wants_expired() const noexcept { return true; }

 protected:
  ~QueueEvents() = default;
};

class Queue final : public Node {
 public:
  /// `definition` is what the storage gives back at recovery, for whoever makes queues.
  Queue(std::string address, const QueueSettings& settings, Storage& storage, QueueEvents& events,
        std::string definition = {});
  ~Queue() override;

  // Producers.
  Admission publish(const MessageRef& message, Time now) override;
  bool has_room() const noexcept override { return !blocked_ && !pressed(); }
  const std::string& stopped() const noexcept override { return stopped_; }
  /// Whether publish() would take a message of this cost now; makes room where the policy is drop_head.
  bool admit(std::uint32_t cost, Time now);
  /// Puts in a message that was admitted and stored (lsn) already.
  void enqueue(const MessageRef& message, Lsn lsn, Time now);
  /// Its number in the storage, declared at the first need.
  QueueId storage_id();
  bool declared() const noexcept { return storage_id_ != 0; }
  /// Recovery: it is declared under this number already.
  void restore_id(QueueId id) noexcept { storage_id_ = id; }
  void restore(const StoredMessage& message, const Holding& holding, Time now);
  /// What it keeps of the message of this lsn; false: it does not hold it.
  bool holding(Lsn lsn, Holding& into);
  /// A message of it cannot be read back: nothing goes in or out any more until the journal was mended.
  void stop(const std::string& why);
  /// Gives back the memory of messages that can be read back, but for `window` bytes of those that are next; how
  /// many bytes.
  std::uint64_t page_out(std::uint64_t window);
  /// It is being deleted for good: the storage forgets it.
  void forget_stored();

  // Consumers.
  using Node::attach;
  using Node::detach;
  void attach(Consumer& consumer);
  /// Settle or lose() what it holds first.
  void detach(Consumer& consumer) noexcept;
  /// The consumer has credit and room now; it is handed messages from inside this call.
  void ready(Consumer& consumer, Time now);
  void not_ready(Consumer& consumer) noexcept;
  /// The consumer's decision on what it was handed. Unknown positions are ignored (it expired with the
  /// queue's purge).
  void settle(Position at, const Outcome& outcome, Consumer* from, Time now);
  /// The consumer died with this unsettled.
  void lose(Position at, Time now);

  // Time and management.
  /// Discards what expired and frees what is due. Call every TimeIndex::resolution while has_timed().
  void sweep(Time now);
  bool has_timed() const noexcept { return !expiring_.empty() || !due_.empty(); }
  /// Discards all that is available; how many.
  std::size_t purge(Time now);
  /// Calls visit(Position, const Entry&) for up to `most` that wait, oldest first.
  template <class Visit>
  void peek(std::uint64_t most, Visit&& visit) {
    for (Position at = entries_.skip_gaps(0); most > 0 && at < entries_.end(); at = entries_.skip_gaps(at + 1)) {
      Entry* entry = entries_.find(at);
      if (entry == nullptr || entry->state != Entry::State::available || !bring(*entry)) continue;
      visit(at, *entry);
      --most;
    }
  }
  /// Publishes up to `most` that wait to the node that `where` names for each (null: it stays), oldest first,
  /// and removes what was taken; how many. A refusal ends it.
  std::size_t move_to(const std::function<Node*(const Message&)>& where, std::uint64_t most, Time now);

  const QueueSettings& settings() const noexcept { return settings_; }
  const QueueCounters& counters() const noexcept { return counters_; }
  std::uint64_t available() const noexcept { return available_; }
  std::uint64_t acquired() const noexcept { return acquired_; }
  std::uint64_t scheduled() const noexcept { return scheduled_; }
  /// All that it holds.
  std::uint64_t size() const noexcept { return available_ + acquired_ + scheduled_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  std::size_t consumers() const noexcept { return consumers_.size(); }

 private:
  friend class Topic;
  using Excluded = std::vector<const Consumer*>;
  /// Messages of one group-id: those handed out are all at one consumer; the rest waits, in order.
  struct Group {
    const Consumer* owner = nullptr;
    std::uint32_t held = 0;
    std::deque<Position> waiting;
  };

  void dispatch(Time now);
  bool hand_out_one(Time now);
  Position next_for(Consumer& consumer, Time now);
  Position next_in_order(const Consumer* consumer, Time now);
  Position next_restricted(const Consumer& consumer, Time now);
  Position next_wanted(Consumer& consumer, Time now);
  bool deliverable(Position at, Entry& entry, const Consumer* consumer, Time now);
  void admit_entry(Position at, Entry& entry, Time due, Time now);
  bool enter_group(Position at, Entry& entry, const Consumer& consumer);
  void leave_group(std::uint32_t id);
  void call_next_of_group(std::uint32_t id);
  void make_available(Position at, const Entry& entry);
  void hand_out(Consumer& consumer, Position at, Entry& entry, Time now);
  void put_back(Position at, Entry& entry, Time now);
  void count_attempt(Position at, Entry& entry, Time now);
  void discard(Position at, Entry& entry, Discard why, const Outcome* outcome, Time now);
  void remove(Position at, Entry& entry);
  void index_expiry(Position at, Time expires);
  void rebuild_expiry();
  bool pressed() const noexcept {
    return settings_.yields && (storage_.memory_high() || (storage_.disk_low() && settings_.durable && !settings_.rpc));
  }
  // Messages that are not in memory (queue_paging.cpp).
  bool bring(Entry& entry);
  bool here(Position at, const Entry& entry);
  void read_ahead(Position from);
  void loaded(std::span<const Position> positions, std::span<const Lsn> lsns, std::span<MessageRef> messages, Time now);
  void discard_expired(std::vector<Position> positions);
  std::uint64_t page_out_from(Position& hand, std::size_t steps);
  void write_out(Position at, Entry& entry);
  bool over_bound(std::uint64_t times, std::uint32_t cost) const noexcept;

  static constexpr Position read_ahead_at = 256;  // so long before the end of what is here, more is asked for
  static constexpr Position none = std::numeric_limits<Position>::max();

  const QueueSettings settings_;
  Storage& storage_;
  QueueEvents& events_;
  const std::string definition_;
  QueueId storage_id_ = 0;

  Entries entries_;
  Position cursor_ = 0;  // everything before was handed out once, or skipped for a reason kept elsewhere
  std::priority_queue<Position, std::vector<Position>, std::greater<>> returned_;  // available again, before the cursor
  std::unordered_map<Position, Excluded> restricted_;
  std::unordered_map<std::uint32_t, Group> groups_;
  TimeIndex expiring_, due_;

  std::deque<Consumer*> ready_;
  std::vector<Consumer*> consumers_;
  std::size_t selective_ = 0;
  std::vector<Topic*> topics_;  // it is a subscription of these
  std::uint64_t available_ = 0, acquired_ = 0, scheduled_ = 0, bytes_ = 0;
  Position paged_to_ = 0;  // everything from the window to here was looked at for paging out
  Position paged_again_ = 0;
  Position ahead_to_ = 0;  // what was read back ends here
  bool reading_ = false;   // some are being read back
  std::string stopped_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool blocked_ = false;
  bool dispatching_ = false;
  QueueCounters counters_;
};

}  // namespace bascule::broker
