// Queue: messages in order, each handed to one of the competing consumers, until it is settled.
//
// A pure state machine: time is passed in, nothing is sent or read here. Order: priority, then position; what comes
// back (released, modified, lost) keeps its position, so that it is the next to be handed out. Expired messages
// are never handed out and leave by time, wherever they stand. Bounds: messages and bytes, held and unsettled
// together; at the bound it rejects, drops the oldest available, or blocks (producers get no credit; what was
// already on its way is taken up to twice the bound, then refused). Thread safety: the broker's loop only.
// Lifetime: owned by the Router; its destructor tells consumers and producers.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "bascule/broker/annotate.hpp"
#include "bascule/broker/consumer.hpp"
#include "bascule/broker/dedup.hpp"
#include "bascule/broker/groups.hpp"
#include "bascule/broker/node.hpp"
#include "bascule/broker/queue_settings.hpp"
#include "bascule/broker/storage.hpp"
#include "bascule/broker/subscription.hpp"
#include "bascule/broker/time_index.hpp"

namespace bascule::broker {

/// Why a message left without having been accepted.
enum class Discard : std::uint8_t {
  expired,
  rejected,
  undeliverable,  ///< max_deliveries attempts failed
  refused,        ///< every consumer said undeliverable-here
  dropped,        ///< overflow drop-head
  purged,
  cancelled,  ///< scheduled, and taken back by management
};

struct QueueCounters {
  std::uint64_t enqueued = 0, moved = 0, accepted = 0, returned = 0, refused = 0, delayed = 0, duplicates = 0;
  std::uint64_t expired = 0, rejected = 0, undeliverable = 0, dropped = 0, purged = 0, cancelled = 0, answered_lost = 0;
};

/// What went wrong with a message's attempts; each at most 256 bytes.
struct Errors {
  std::string first, last;
};

/// What a queue keeps about few of its messages, beside them.
struct Extra {
  Errors errors = {};
  Annotations annotations = {};  ///< that receivers added by `modified`
  Time due = Time::min();        ///< it rests until then
};
/// As the storage keeps it (Holding::notes): errors and annotations.
std::vector<std::uint8_t> encode_notes(const Extra& extra);
Extra decode_notes(Bytes notes);

/// A message that leaves without having been accepted.
struct Departure {
  const MessageRef& message;  ///< null: it is not in memory, and nobody needs it there (QueueEvents::wants_expired)
  std::uint32_t delivery_count;
  Discard why;
  const Outcome* outcome = nullptr;  ///< of the receiver who decided it
  const Errors* errors = nullptr;    ///< of its attempts
};

class Topic;

/// Hears what becomes of messages; the Router, which dead-letters and answers.
class QueueEvents {
 public:
  /// Called before the message is gone. False: its dead letter cannot be stored now, so that what a receiver gave up is
  /// to be tried again later.
  virtual bool discarded(Queue& queue, const Departure& departure, Time now) = 0;
  /// A request whose consumer was lost and which must not be run again: answer its caller. False when it
  /// cannot be answered (no reply-to), and then it is redelivered.
  virtual bool answer_lost(Queue& queue, const Message& request, Time now) = 0;
  /// The queue has looked at as many messages for its selectors as one turn may take: call Queue::look_on() in
  /// another.
  virtual void more_to_look(Queue& queue) = 0;
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
  Admission take(const MessageRef& message, Time now) override { return put_in(message, {}, now); }
  bool has_room() const noexcept override { return !blocked_ && !pressed(); }
  const std::string& stopped() const noexcept override { return stopped_; }
  /// Whether publish() would take `messages` of this cost in all now; makes room where the policy is drop_head.
  bool admit(std::uint64_t cost, Time now, std::uint64_t messages = 1);
  Admission::Result admits(std::span<const Transfer> transfers, Time now) override;
  Demand demand_of(const Message& message) const override;
  /// Puts in a message that was admitted and stored (lsn) already.
  void enqueue(const MessageRef& message, Lsn lsn, Time now);
  /// Its number in the storage, declared at the first need.
  QueueId storage_id();
  bool declared() const noexcept { return storage_id_ != 0; }
  /// Recovery: it is declared under this number already.
  void restore_id(QueueId id) noexcept { storage_id_ = id; }
  void restore(const StoredMessage& message, const Holding& holding, Time now);
  void restore_key(Bytes key, Time until) { dedup_.restore(as_text(key), until); }
  /// What it keeps of the message of this lsn; false: it does not hold it. The notes are valid until the next call.
  bool holding(Lsn lsn, Holding& into);
  /// A message of it cannot be read back: nothing goes in or out any more until the journal was mended.
  void stop(const std::string& why);
  /// Gives back the memory of messages that can be read back, but for `window` bytes of those that are next; how
  /// many bytes.
  std::uint64_t page_out(std::uint64_t window);
  /// As a topic's subscription.
  const SubscriptionFilter& filter() const noexcept { return filter_; }
  void set_filter(SubscriptionFilter filter) { filter_ = std::move(filter); }
  /// It is being deleted for good: the storage forgets it.
  void forget_stored();

  // Consumers.
  using Node::attach;
  using Node::detach;
  /// Whether a consumer of this selector may attach: the bound is on different selectors.
  bool takes(const Selector& selector) const noexcept;
  void attach(Consumer& consumer);
  /// Settle or lose() what it holds first.
  void detach(Consumer& consumer) noexcept;
  /// The consumer has credit and room now; it is handed messages from inside this call.
  void ready(Consumer& consumer, Time now);
  void not_ready(Consumer& consumer) noexcept;
  /// Messages that this consumer may want were not looked at yet: more may come without anything happening.
  /// Consumer::looked_through() tells when that is over.
  bool looking(Consumer& consumer) noexcept;
  /// Goes on looking, after QueueEvents::more_to_look().
  void look_on(Time now);
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
  /// Takes back a message that was scheduled by its sender. False: there is none at this position.
  bool cancel(Position at, Time now);

  // queue_management.cpp: looking at what waits, oldest first, a part at a time.
  /// One that waits; `message` null: it is where `lsn` says, to be loaded.
  struct Waiting {
    Position at = 0;
    Lsn lsn = 0;
    MessageRef message = {};
    std::uint32_t delivery_count = 0;
  };
  /// What comes after now has this position or a later one.
  Position end() const noexcept { return entries_.end(); }
  /// Appends those that wait (`scheduled`: that are not due) between `from` and `to`: at most `most` and, but for the
  /// last, `bytes`; looks at 64 Ki places. `from` is then behind what was looked at.
  void look_over(bool scheduled, Position& from, Position to, std::size_t most, std::uint64_t bytes,
                 std::vector<Waiting>& into);
  /// Whether it is still there and has to be loaded.
  bool waits_unread(const Waiting& one) noexcept;
  /// Its message as it is now, with what receivers added; null: it is gone, or was not loaded.
  MessageRef message_of(const Waiting& one);
  enum class HandOver : std::uint8_t {
    taken,    ///< it is there, and no longer here
    gone,     ///< it does not wait here any more, or could not be read
    refused,  ///< `to` has no room; it stays
  };
  /// First there, then not here: a crash in between leaves two, never none.
  HandOver hand_over(const Waiting& one, Node& to, Time now);
  /// Discards up to `most` between `from` and `to` that nobody holds; how many. `from` is then behind them.
  std::size_t purge(Position& from, Position to, std::size_t most, Time now);

  const QueueSettings& settings() const noexcept { return settings_; }
  const QueueCounters& counters() const noexcept { return counters_; }
  std::uint64_t available() const noexcept { return available_; }
  std::uint64_t acquired() const noexcept { return acquired_; }
  std::uint64_t scheduled() const noexcept { return scheduled_; }
  /// All that it holds.
  std::uint64_t size() const noexcept { return available_ + acquired_ + scheduled_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  /// Consumers that take; has_readers() counts browsers too.
  std::size_t consumers() const noexcept { return consumers_.size(); }
  bool has_readers() const noexcept { return !consumers_.empty() || !browsers_.empty(); }

 private:
  friend class Topic;
  using Excluded = std::vector<const Consumer*>;

  template <class Visit>
  void for_each(Visit&& visit) {
    for (Position at = entries_.skip_gaps(0); at < entries_.end(); at = entries_.skip_gaps(at + 1)) {
      if (Entry* entry = entries_.find(at)) visit(at, *entry);
    }
  }
  // queue_dispatch.cpp: who gets what.
  void dispatch(Time now);
  bool hand_out_one(Time now);
  Position next_for(Consumer& consumer, Time now);
  Position next_in_order(const Consumer& consumer, Time now);
  Position next_selected(const Consumer& consumer, View& view, Time now);
  Position first_of(Ranked& ranked, const Consumer& consumer, Time now);
  Position first_refused(Consumer& consumer, Time now);
  bool look(View& view);
  bool still_selected(const View& view, Position at);
  void show(Consumer& consumer, Time now);
  void show_to_browsers(Time now);
  void tell_looked_through(Time now);
  bool deliverable(Position at, Entry& entry, const Consumer& consumer, Time now);
  bool enter_group(Position at, Entry& entry, const Consumer& consumer);
  bool give_to_owners(Time now);
  void call_next_of_group(std::uint32_t id);
  bool waits(Position at) noexcept;
  bool parked(Position at) noexcept;
  bool may_have(const Consumer& consumer, Position at) const noexcept;
  void make_available(Position at, const Entry& entry);
  void offer_refused(Consumer& consumer, Position at, const Entry& entry);
  Header header_for(const Entry& entry, Time now) const noexcept;
  void hand_out(Consumer& consumer, Position at, Entry& entry, Time now);

  // queue_settle.cpp: what becomes of what was handed out.
  void modify(Position at, Entry& entry, const Outcome& outcome, const Consumer* from, Time now);
  void annotate(Entry& entry, const Annotations& added, Time now);
  bool refuse_here(Position at, Entry& entry, const Consumer& from);
  void count_attempt(Position at, Entry& entry, const Outcome* outcome, Time now);
  void note_error(Entry& entry, const Outcome* outcome);
  void store(const Entry& entry);
  Extra& extra_of(Entry& entry);
  Time not_before(Position at, const Entry& entry, Time now) const noexcept;
  void rest(Position at, Entry& entry, Time until);
  void put_back(Position at, Entry& entry, Time now);
  void keep(Position at, Entry& entry, Time now);
  void discard(Position at, Entry& entry, Discard why, const Outcome* outcome, Time now);
  void remove(Position at, Entry& entry);

  // queue_time.cpp
  void index_expiry(Position at, Time expires);
  void rebuild_expiry();
  void wake(Position at, Entry& entry);

  // queue_paging.cpp: messages that are not in memory.
  MessageRef annotated(const Entry& entry, MessageRef message) const;
  bool here(Position at, const Entry& entry);
  void arrived(Entry& entry, MessageRef message);
  void read_ahead(Position from);
  void loaded(std::span<const Position> positions, std::span<const Lsn> lsns, std::span<MessageRef> messages, Time now);
  void discard_expired(std::vector<Position> positions);
  std::uint64_t page_out_from(Position& hand, std::size_t steps);
  bool write_out(Position at, Entry& entry);
  bool pressed() const noexcept {
    return settings_.yields && (storage_.memory_high() || (storage_.disk_low() && settings_.durable && !settings_.rpc));
  }

  Demand demand(const Message& message, std::string_view identifier) const;
  Admission put_in(const MessageRef& message, std::string identifier, Time now);
  void admit_entry(Position at, Entry& entry, std::uint8_t priority, Time due, Time now);
  std::uint8_t level_of(const Entry& entry, std::uint8_t priority);
  bool drop_oldest(Time now);
  bool over_bound(std::uint64_t times, std::uint64_t messages, std::uint64_t cost) const noexcept;

  static constexpr Position read_ahead_at = 256;  // so long before the end of what is here, more is asked for

  const QueueSettings settings_;
  Storage& storage_;
  QueueEvents& events_;
  const std::string definition_;
  QueueId storage_id_ = 0;
  SubscriptionFilter filter_;

  Entries entries_;
  Position cursor_ = 0;       // everything before was handed out once, or skipped for a reason kept elsewhere
  Position drop_cursor_ = 0;  // nothing before it is available
  Ranked ranked_;             // what waits before the cursor, and what is not of the usual priority
  std::uint64_t raised_ = 0;  // entries above the usual priority
  std::unordered_map<Position, Excluded> restricted_;
  std::unordered_map<const Entry*, Extra> extras_;  // an entry stays where it is as long as it lives
  std::vector<std::uint8_t> notes_;                 // scratch
  Groups groups_;
  std::vector<std::pair<Position, Consumer*>>
      owed_;  // scratch: found for one consumer, but of a group that another is at
  TimeIndex expiring_, due_;
  DedupWindow dedup_;

  std::deque<Consumer*> ready_;
  std::vector<Consumer*> consumers_;  // that take
  std::vector<Consumer*> browsers_;
  std::vector<std::unique_ptr<View>> views_;
  std::uint32_t looks_left_ = 0;
  bool looks_on_ = false;       // more_to_look() was said
  std::vector<Topic*> topics_;  // it is a subscription of these
  std::uint64_t available_ = 0, acquired_ = 0, scheduled_ = 0, bytes_ = 0;
  Position paged_to_ = 0;  // everything from the window to here was looked at for paging out
  Position paged_again_ = 0;
  std::size_t writing_out_ = 0;  // messages on their way to the scratch file
  Position ahead_to_ = 0;        // what was read back ends here
  bool reading_ = false;         // some are being read back
  std::string stopped_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool blocked_ = false;
  bool dispatching_ = false;
  QueueCounters counters_;
};

}  // namespace bascule::broker
