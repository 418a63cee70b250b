#include "bascule/broker/journal.hpp"

#include <algorithm>
#include <utility>

#include "bascule/broker/properties.hpp"

namespace bascule::broker {

using journal::is_scratch;

Journal::Journal(Disk& disk, const JournalOptions& options, Clocks clocks)
    : Journal(disk, journal::recover(disk), options, std::move(clocks)) {}

Journal::Journal(Disk& disk, journal::Recovered recovered, const JournalOptions& options, Clocks clocks)
    : options_(options),
      clocks_(std::move(clocks)),
      disk_(disk),
      log_(std::move(recovered.state), options.segment_size, options.fsync == Fsync::group),
      torn_(std::move(recovered.torn)),
      spoilt_(std::move(recovered.spoilt)) {
  if (const auto* newest = log_.ledger().newest()) durable_ = newest->start + newest->used;
  log_.flushed(durable_);
  found_ = std::make_unique<journal::Recovered>(std::move(recovered));
}

std::int64_t Journal::wall(Time at) const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at - clocks_.steady());
  return std::max<std::int64_t>(1, clocks_.wall_ms() + left.count());
}

Time Journal::steady(std::int64_t wall_ms, Time none) const {
  return wall_ms == 0 ? none : clocks_.steady() + std::chrono::milliseconds(wall_ms - clocks_.wall_ms());
}

Holding Journal::holding(const journal::Held& held) const {
  return {held.queue, held.delivery_count, steady(held.due_ms, Time::min()), held.notes};
}

void Journal::recover(Recovery& into, Time now) {
  const auto found = std::exchange(found_, nullptr);
  if (!found) return;
  for (const auto& [id, queue] : log_.state().queues) into.restore_queue(id, queue.address, queue.definition);
  std::vector<Holding> holdings;
  for (; !found->messages.empty(); found->messages.pop_front()) {
    const journal::RecoveredMessage& message = found->messages.front();
    if (!message.rare && message.queue == 0) continue;
    StoredMessage stored{message.origin, message.cost, message.group, message.priority};
    holdings.clear();
    if (message.rare) {
      const journal::Publish& publish = found->rare.at(message.origin);
      stored.expires = steady(publish.expires_ms, Time::max());
      stored.due = steady(publish.due_ms, Time::min());
      for (const journal::Held& held : publish.queues) holdings.push_back(holding(held));
      into.restore_message(stored, holdings, now);
      found->rare.erase(message.origin);
      continue;
    }
    holdings.push_back({.queue = message.queue});
    into.restore_message(stored, holdings, now);
  }
  for (const auto& [place, key] : log_.state().keys) {
    if (key.until_ms > clocks_.wall_ms()) into.restore_key(key.node, key.bytes, steady(key.until_ms, Time::max()));
  }
  for (const journal::Spoilt& spoilt : spoilt_) {
    for (const QueueId queue : spoilt.queues) into.stop_queue(queue, spoilt.why);
  }
}

void Journal::worked() {
  if (driver_ != nullptr) driver_->work_waiting();
}

void Journal::drive(JournalDriver* driver) noexcept {
  driver_ = driver;
  if (driver != nullptr) log_.only_made();
}

// The loop waits here, for a segment to be made, when more comes in than was made ahead: rarely, and then producers are
// ahead of the disk.
bool Journal::takes(const Demand& demand, Purpose purpose) {
  if (driver_ == nullptr) return !full_;
  const std::uint64_t keep = purpose == Purpose::messages ? log_.settlement_room() : log_.copy_room();
  while (!log_.fits(demand, keep)) {
    if (full_) return false;
    ++room_waits_;
    driver_->make_now(log_.next_segment(demand.largest()));
  }
  return true;
}

// A small message, that is; there may be none left for a large one.
bool Journal::accepts() const noexcept {
  return !full_ || (driver_ != nullptr && log_.fits(Demand().record(128), log_.settlement_room()));
}

void Journal::segment_made(const journal::Ahead& segment) {
  log_.made(segment);
  full_ = false;
  if (log_.dirty()) worked();
}

void Journal::disk_full() {
  full_ = true;
  compact();
}

StorageSize Journal::size() const {
  return {.journal_bytes = log_.ledger().total_bytes(),
          .large_bodies = log_.state().sides.of.size(),
          .paged_out = scratch_.messages(),
          .journal_room = log_.left(),
          .settlements_waiting = log_.waiting(),
          .updates_dropped = log_.updates_dropped(),
          .room_waits = room_waits_};
}

QueueId Journal::declare(std::string_view address, std::string_view definition) {
  const QueueId id = log_.declare(std::string(address), std::string(definition));
  worked();
  return id;
}

void Journal::remove(QueueId queue) {
  log_.remove(queue);
  worked();
}

journal::Publish Journal::describe(const Message& message) const {
  journal::Publish publish{.cost = message.cost(), .group = group_hash(message.body()), .priority = message.priority()};
  if (message.due() != Time::min()) publish.due_ms = wall(message.due());
  if (message.expires() != Time::max()) publish.expires_ms = wall(message.expires());
  return publish;
}

Lsn Journal::publish(const Message& message, std::span<const QueueId> queues) {
  journal::Publish publish = describe(message);
  for (const QueueId queue : queues) publish.queues.push_back({.queue = queue});
  if (SideBody* tail = message.tail()) {
    publish.side = {tail->id(), tail->size()};
    tail->stored();
  }
  const Lsn lsn = log_.publish(publish, message.body());
  worked();
  return lsn;
}

void Journal::settle(QueueId queue, Lsn lsn) {
  if (is_scratch(lsn)) return free_scratch(lsn);
  log_.settle(queue, lsn);
  worked();
}

void Journal::forget(QueueId, Lsn lsn) { is_scratch(lsn) ? free_scratch(lsn) : log_.forget(lsn); }

void Journal::update(Lsn lsn, const Holding& holding) {
  if (is_scratch(lsn)) return;
  journal::Held held{holding.queue, holding.delivery_count, 0, {holding.notes.begin(), holding.notes.end()}};
  if (holding.due != Time::min()) held.due_ms = wall(holding.due);
  log_.update({lsn, std::move(held)});
  worked();
}

void Journal::remember(QueueId node, Bytes key, Time until) {
  log_.remember({node, wall(until), {key.begin(), key.end()}});
  worked();
}

void Journal::committed(Lsn last) {
  durable_ = std::max(durable_, last);
  for (Load& load : std::exchange(waiting_loads_, {})) start_load(std::move(load));
  if (listener_ != nullptr) listener_->durable(durable_);
  compact();
  if (log_.dirty()) worked();
}

void Journal::idle() {
  log_.mark();
  if (log_.dirty()) worked();
}

void Journal::set_disk_low(bool low) {
  if (std::exchange(disk_low_, low) != low && listener_ != nullptr) listener_->pressure_changed();
}

void CommitWriter::open(const journal::Write& write) {
  if (file_ && segment_ == write.segment) return;
  const std::string name = journal::segment_name(write.segment);
  const auto there = disk_.list();
  if (fsync_ == Fsync::interval) sync();  // the next flush, which says that all before it was, is of the next file
  file_.reset();
  if (std::find(there.begin(), there.end(), name) != there.end()) {
    auto existing = disk_.open(name);
    if (existing->size() == write.capacity) file_ = std::move(existing);
  }
  if (!file_) file_ = disk_.create(name, write.capacity, journal::encode({write.segment, write.capacity}));
  segment_ = write.segment;
}

void CommitWriter::carry_out(journal::Commit& commit) {
  while (!commit.writes.empty()) {
    const journal::Write& write = commit.writes.front();
    open(write);
    file_->write(write.offset, write.bytes);
    if (fsync_ == Fsync::group) file_->sync();
    commit.writes.erase(commit.writes.begin());
  }
  for (const std::string& name : std::exchange(commit.removals, {})) disk_.remove(name);
}

void CommitWriter::sync() {
  if (file_) file_->sync();
}

void make_ahead(Disk& disk, const journal::Ahead& segment) {
  disk.create(journal::segment_name(segment.start), segment.capacity,
              journal::encode({segment.start, segment.capacity}));
}

}  // namespace bascule::broker
