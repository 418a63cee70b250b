// Storage: where durable messages live; what makes `accepted` a promise.
//
// A publish is one record that holds the message and all the queues it went to. It is appended at once and is
// durable some time later: `durable()` says up to where, and the listener hears when that moves. Records keep
// the order in which they were appended, so that a settlement never outlives the publish it settles. Thread
// safety: the broker's loop only. Errors: an I/O error is fatal for the process and is not reported here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bascule/broker/entries.hpp"

namespace bascule::broker {

/// A durable queue's number in the storage; 0: not declared there yet.
using QueueId = std::uint32_t;

struct QueueCount {
  QueueId queue = 0;
  std::uint32_t delivery_count = 0;
};

class StorageListener {
 public:
  /// Everything appended up to and including `lsn` is durable now. Never called from inside a call to
  /// Storage.
  virtual void durable(Lsn lsn) = 0;
  /// Everything stored from `from` to before `to` must be written anew with Storage::copy, in order; the
  /// space is wanted.
  virtual void move_out(Lsn from, Lsn to) = 0;

 protected:
  ~StorageListener() = default;
};

/// Takes back what the storage kept over a restart: first all queues, then the messages in their order.
class Recovery {
 public:
  virtual void restore_queue(QueueId id, const std::string& address, const std::string& definition) = 0;
  virtual void restore_message(const MessageRef& message, Lsn lsn, std::span<const QueueCount> queues, Time now) = 0;

 protected:
  ~Recovery() = default;
};

class Storage {
 public:
  virtual ~Storage() = default;
  /// The storage keeps no reference after listen(nullptr).
  virtual void listen(StorageListener* listener) = 0;
  /// Call once, before anything else.
  virtual void recover(Recovery& into, Time now) = 0;

  /// Declares a durable queue; `definition` is given back as it is at recovery.
  virtual QueueId declare(std::string_view address, std::string_view definition) = 0;
  virtual void remove(QueueId queue) = 0;

  virtual Lsn publish(const Message& message, std::span<const QueueId> queues) = 0;
  virtual void settle(QueueId queue, Lsn lsn) = 0;
  /// `queue` is about to be removed and held this: nothing is written.
  virtual void forget(QueueId queue, Lsn lsn) = 0;
  /// Writes `message` anew for the queues that still hold it; returns where.
  virtual Lsn copy(Lsn old, const Message& message, std::span<const QueueCount> queues) = 0;
  /// Remembers that a message was handed out before, so that counting goes on after a restart.
  virtual void count_delivery(QueueId queue, Lsn lsn, std::uint32_t delivery_count) = 0;

  /// Everything up to here is durable.
  virtual Lsn durable() const noexcept = 0;
  /// False while new durable messages must be refused (disk full).
  virtual bool accepts() const noexcept { return true; }
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
  Lsn copy(Lsn, const Message&, std::span<const QueueCount>) override { return 0; }
  void count_delivery(QueueId, Lsn, std::uint32_t) override {}
  Lsn durable() const noexcept override { return UINT64_MAX; }

 private:
  QueueId queues_ = 0;
};

}  // namespace bascule::broker
