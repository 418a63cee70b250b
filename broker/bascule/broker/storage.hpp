// Storage: where durable messages live; what makes `accepted` a promise, and lets a backlog be larger than memory.
//
// A publish is one record that holds the message and all the queues it went to. It is appended at once and is
// durable some time later: `durable()` says up to where, and the listener hears when that moves. Records keep
// the order in which they were appended, so that a settlement never outlives the publish it settles. What is
// appended between begin() and end() is kept whole or not at all.
//
// A message's Lsn is its name for life: the storage may move its bytes, the name stays. While has(lsn) the bytes
// need not be in memory: load() brings them back. Thread safety: the broker's loop only. Errors: an I/O error is
// fatal for the process and is not reported here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bascule/broker/bodies.hpp"
#include "bascule/broker/demand.hpp"
#include "bascule/broker/entries.hpp"

namespace bascule::broker {

/// A durable node's number in the storage; 0: not declared there yet.
using QueueId = std::uint32_t;

/// What one queue keeps about a message beside the message. A later one replaces an earlier one whole.
struct Holding {
  QueueId queue = 0;
  std::uint32_t delivery_count = 0;
  Time due = Time::min();  ///< not before: delayed redelivery; Time::min(): at once
  Bytes notes = {};        ///< whatever the queue wants back (annotations that a receiver added)
};

/// A message as recovery finds it: all but its bytes.
struct StoredMessage {
  Lsn lsn = 0;
  std::uint32_t cost = 0;
  std::uint32_t group = 0;  ///< group_hash() of it
  std::uint8_t priority = 4;
  Time expires = Time::max();
  Time due = Time::min();
};

class StorageListener {
 public:
  /// Everything appended up to and including `lsn` is durable now. Never called from inside a call to
  /// Storage.
  virtual void durable(Lsn lsn) = 0;
  /// `queues` names the queues a message went to: erase those that do not hold it any more, and fill in what the
  /// others keep of it. For moving a message within the storage.
  virtual void holders(Lsn lsn, std::vector<Holding>& queues) = 0;
  /// This message cannot be read back: its queues must stop. `why` names file and offset.
  virtual void spoilt(Lsn /*lsn*/, const std::string& /*why*/) {}
  /// A watermark was passed, or is clear again (Storage::memory_high, disk_low).
  virtual void pressure_changed() {}
  /// Of the messages that page_out() took, enough have left memory that more may follow.
  virtual void paged_out() {}

 protected:
  ~StorageListener() = default;
};

/// Takes back what the storage kept over a restart: first all nodes, then the rest, messages in their order.
class Recovery {
 public:
  virtual void restore_queue(QueueId id, const std::string& address, const std::string& definition) = 0;
  virtual void restore_message(const StoredMessage& message, std::span<const Holding> queues, Time now) = 0;
  /// What remember() was given and has not run out.
  virtual void restore_key(QueueId /*node*/, Bytes /*key*/, Time /*until*/) {}
  /// A message that went to this queue is damaged: it must not be served. `why` names file and offset.
  virtual void stop_queue(QueueId /*queue*/, const std::string& /*why*/) {}

 protected:
  ~Recovery() = default;
};

/// For metrics.
struct StorageSize {
  std::uint64_t journal_bytes = 0, large_bodies = 0, paged_out = 0;
  std::uint64_t journal_room = 0;         ///< bytes of segments that are there and hold nothing yet
  std::uint64_t settlements_waiting = 0;  ///< for room on a full disk
  std::uint64_t updates_dropped = 0;      ///< counts of attempts, annotations: not kept for want of it
  std::uint64_t room_waits = 0;           ///< how often the loop waited for a segment to be made
};

class Storage {
 public:
  virtual ~Storage() = default;
  /// The storage keeps no reference after listen(nullptr).
  virtual void listen(StorageListener* listener) = 0;
  /// Call once, before anything else.
  virtual void recover(Recovery& into, Time now) = 0;

  /// Declares a durable node; `definition` is given back as it is at recovery.
  virtual QueueId declare(std::string_view address, std::string_view definition) = 0;
  virtual void remove(QueueId queue) = 0;

  virtual Lsn publish(const Message& message, std::span<const QueueId> queues) = 0;
  virtual void settle(QueueId queue, Lsn lsn) = 0;
  /// `queue` is about to be removed and held this: nothing is written.
  virtual void forget(QueueId queue, Lsn lsn) = 0;
  /// Remembers what a queue keeps about a message: delivery count, delay, annotations.
  virtual void update(Lsn lsn, const Holding& holding) = 0;
  /// Keeps `key` (at most 64 KiB) for a node until then, and gives it back at recovery: an entry of a
  /// de-duplication window. Bound: the caller's. It cannot be taken back.
  virtual void remember(QueueId /*node*/, Bytes /*key*/, Time /*until*/) {}
  /// What is appended from begin() to end() is kept whole or not at all: a transaction's publishes and
  /// settlements; a message and the key that it is known by. Inside one turn of the loop; they nest.
  virtual void begin() {}
  /// A place: when the storage is durable up to there, so is all of it.
  virtual Lsn end() { return 0; }

  /// Everything up to here is durable.
  virtual Lsn durable() const noexcept = 0;
  /// False while new durable messages must be refused (disk full).
  virtual bool accepts() const noexcept { return true; }
  /// Sees to it that there is room on the disk for what is about to be appended; false: the disk is full, and it must
  /// not be. Ask before publish(), declare() and transactions; settle() and remove() need not ask. It may wait for
  /// the disk when more comes at once than was made ready.
  virtual bool takes(const Demand& /*demand*/, Purpose /*purpose*/ = Purpose::messages) { return true; }

  /// Receives messages that were asked for, in the order asked; null for what is not there any more.
  using Loaded = std::function<void(std::span<MessageRef> messages, Time now)>;
  /// Whether load() can give its bytes back now.
  virtual bool has(Lsn /*lsn*/) const noexcept { return false; }
  /// Reads messages back, off the loop; `done` is called later, never from inside. It must hold nothing that may
  /// be gone by then.
  virtual void load(std::vector<Lsn> /*messages*/, Loaded /*done*/) {}
  /// Writes a message that is in no journal to a file that does not outlive the process; `done` gets the place to
  /// load() it from, which settle() or forget() must free. False: there is no such file, or enough are on
  /// their way already: ask again later.
  virtual bool page_out(const MessageRef& /*message*/, std::function<void(Lsn)> /*done*/) { return false; }

  /// A file for the rest of a large message as it arrives; null: there are none, it stays in memory.
  virtual std::shared_ptr<BodyWriter> new_body() { return nullptr; }
  /// Gets the bytes; `why` is not empty when they cannot be read whole, and names file and offset.
  using BodyRead = std::function<void(Bytes bytes, const std::string& why)>;
  /// Reads `count` blocks of body_block bytes from `block` on, off the loop. `done` as in load().
  virtual void read_body(const SideBody& /*body*/, std::uint64_t /*block*/, std::uint64_t /*count*/,
                         BodyRead /*done*/) {}

  virtual StorageSize size() const { return {}; }

  /// Watermarks, with hysteresis: while one holds, producers get no credit and consumers go on.
  bool memory_high() const noexcept { return memory_high_; }
  bool disk_low() const noexcept { return disk_low_; }
  /// Whoever measures memory says so here; true when it changed.
  bool note_memory(bool high) noexcept { return std::exchange(memory_high_, high) != high; }

 protected:
  bool memory_high_ = false, disk_low_ = false;
};

/// Keeps nothing: what it is given is as durable as the process. Lsn 0 throughout, so that nothing is ever
/// waited for.
class MemoryStorage final : public Storage {
 public:
  void listen(StorageListener*) override {}
  void recover(Recovery&, Time) override {}
  QueueId declare(std::string_view, std::string_view) override { return ++queues_; }
  void remove(QueueId) override {}
  Lsn publish(const Message&, std::span<const QueueId>) override { return 0; }
  void settle(QueueId, Lsn) override {}
  void forget(QueueId, Lsn) override {}
  void update(Lsn, const Holding&) override {}
  Lsn durable() const noexcept override { return UINT64_MAX; }

 private:
  QueueId queues_ = 0;
};

}  // namespace bascule::broker
