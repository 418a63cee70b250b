#include "bascule/broker/journal.hpp"

#include <algorithm>
#include <utility>

namespace bascule::broker {

Journal::Journal(Disk& disk, const JournalOptions& options, Clocks clocks)
    : Journal(journal::recover(disk), options, std::move(clocks)) {}

Journal::Journal(journal::Recovered recovered, const JournalOptions& options, Clocks clocks)
    : options_(options),
      clocks_(std::move(clocks)),
      log_(recovered.state, options.segment_size),
      messages_(std::move(recovered.messages)),
      torn_(std::move(recovered.torn)) {
  for (const auto& [id, definition] : recovered.state.queues) queues_.push_back(definition);
}

void Journal::recover(Recovery& into, Time now) {
  for (const auto& queue : std::exchange(queues_, {})) into.restore_queue(queue.queue, queue.address, queue.definition);
  const std::int64_t wall = clocks_.wall_ms();
  for (auto& stored : messages_) {
    MessageBuilder builder;
    builder.append(encode(Header{.durable = true, .priority = stored.publish.priority}).view());
    builder.append(stored.body);
    const MessageRef message = builder.finish(now);
    stored.body = {};
    if (stored.publish.expires_ms != 0) {
      message->set_expires(now + std::chrono::milliseconds(stored.publish.expires_ms - wall));
    }
    if (stored.publish.due_ms != 0) message->set_due(now + std::chrono::milliseconds(stored.publish.due_ms - wall));
    into.restore_message(message, stored.lsn, stored.publish.queues, now);
  }
  messages_ = {};
}

void Journal::worked() {
  if (driver_ != nullptr) driver_->work_waiting();
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
  journal::Publish publish{.priority = message.priority(), .queues = {}};
  const auto wall = [this](Time at) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at - clocks_.steady());
    return std::max<std::int64_t>(1, clocks_.wall_ms() + left.count());
  };
  if (message.due() != Time::min()) publish.due_ms = wall(message.due());
  if (message.expires() != Time::max()) publish.expires_ms = wall(message.expires());
  return publish;
}

Lsn Journal::publish(const Message& message, std::span<const QueueId> queues) {
  auto publish = describe(message);
  for (const QueueId queue : queues) publish.queues.push_back({queue, 0});
  const Lsn lsn = log_.publish(std::move(publish), message.body());
  worked();
  return lsn;
}

Lsn Journal::copy(Lsn old, const Message& message, std::span<const QueueCount> queues) {
  auto publish = describe(message);
  publish.queues.assign(queues.begin(), queues.end());
  return log_.copy(old, std::move(publish), message.body());
}

void Journal::settle(QueueId queue, Lsn lsn) {
  log_.settle(queue, lsn);
  worked();
}

void Journal::count_delivery(QueueId queue, Lsn lsn, std::uint32_t delivery_count) {
  log_.count(queue, lsn, delivery_count);
  worked();
}

void Journal::committed(Lsn last) {
  durable_ = std::max(durable_, last);
  Lsn from = 0, to = 0;
  if (listener_ != nullptr && log_.wants_compaction(from, to)) {
    listener_->move_out(from, to);
    log_.bury_moved(from);
  }
  if (listener_ != nullptr) listener_->durable(durable_);
  if (log_.dirty()) worked();
}

void CommitWriter::open(const journal::Write& write) {
  if (file_ && segment_ == write.segment) return;
  const std::string name = journal::segment_name(write.segment);
  const auto there = disk_.list();
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

}  // namespace bascule::broker
