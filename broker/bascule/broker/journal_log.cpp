#include "bascule/broker/journal_log.hpp"

#include <algorithm>

#include "bascule/broker/crc32c.hpp"

namespace bascule::broker::journal {
namespace {

// Below this many segments nothing is copied: the dead space is small anyway.
constexpr std::uint64_t spare_segments = 8;

std::uint64_t payload_size(std::initializer_list<Bytes> fields) noexcept {
  std::uint64_t size = 1;  // the type
  for (const Bytes part : fields) size += part.size();
  return size;
}

}  // namespace

void Log::put_record(Type type, std::initializer_list<Bytes> fields, Lsn lsn) {
  const std::uint64_t length = payload_size(fields);
  const std::size_t start = open_.size();
  put_number(open_, 0, 4);
  put_number(open_, length, 4);
  put_number(open_, lsn, 8);
  open_.push_back(static_cast<std::uint8_t>(type));
  for (const Bytes part : fields) open_.insert(open_.end(), part.begin(), part.end());
  const std::uint32_t crc = crc32c(Bytes(open_).subspan(start + 4));
  for (std::size_t i = 0; i < 4; ++i) open_[start + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  open_.resize(start + aligned(record_header_size + length));
}

Lsn Log::append(Type type, std::initializer_list<Bytes> fields) {
  const std::uint64_t size = aligned(record_header_size + payload_size(fields));
  if (open_.empty()) begin_batch();
  const Segment* segment = state_.ledger.newest();
  if (segment == nullptr || segment->used + open_.size() + size > segment->capacity) roll(size);
  const Lsn lsn = open_lsn_ + open_.size();
  put_record(type, fields, lsn);
  return lsn;
}

// The first record of a segment names all queues, so that older segments may go.
void Log::begin_batch() {
  const Segment* segment = state_.ledger.newest();
  if (segment == nullptr) return;
  open_lsn_ = segment->start + segment->used;
  open_.resize(batch_header_size);
  if (segment->used == segment_header_size) put_record(Type::checkpoint, {all_queues()}, open_lsn_ + open_.size());
}

Bytes Log::all_queues() {
  queues_.clear();
  for (const auto& [id, definition] : state_.queues) encode(definition, queues_);
  return queues_;
}

// Begins the next segment, large enough for the record that did not fit.
void Log::roll(std::uint64_t record) {
  if (open_.size() == batch_header_size) open_.clear();
  close_batch();
  const std::uint64_t checkpoint = aligned(record_header_size + 1 + all_queues().size());
  const std::uint64_t least = segment_header_size + batch_header_size + checkpoint + record;
  const Segment* last = state_.ledger.newest();
  const Lsn start = last == nullptr ? state_.end : last->end();
  state_.ledger.add(start, std::max(segment_size_, aligned(least))).used = segment_header_size;
  begin_batch();
  trim();
}

void Log::close_batch() {
  if (open_.empty()) return;
  seal_batch(open_, open_lsn_, state_.last_batch);
  state_.last_batch = open_lsn_;
  Segment& segment = *state_.ledger.newest();
  const std::uint64_t offset = segment.used;
  segment.used += open_.size();
  ready_.push_back({segment.start, segment.capacity, offset, std::move(open_)});
  open_.clear();
}

void Log::flush_settled() {
  if (settled_.empty()) return;
  scratch_.clear();
  for (const Settled& one : settled_) encode(one, scratch_);
  settled_.clear();
  append(Type::settle, {Bytes(scratch_)});
}

QueueId Log::declare(std::string address, std::string definition) {
  QueueDefinition made{++state_.last_queue, std::move(address), std::move(definition)};
  std::vector<std::uint8_t> fields;
  encode(made, fields);
  append(Type::declare, {Bytes(fields)});
  const QueueId id = made.queue;
  state_.queues.emplace(id, std::move(made));
  return id;
}

void Log::remove(QueueId queue) {
  flush_settled();
  std::vector<std::uint8_t> fields;
  put_number(fields, queue, 4);
  append(Type::remove, {Bytes(fields)});
  state_.queues.erase(queue);
  trim();
}

Lsn Log::publish(Publish publish, Bytes body) {
  scratch_.clear();
  encode(publish, scratch_);
  const Lsn lsn = append(Type::publish, {Bytes(scratch_), body});
  state_.ledger.add_message(lsn, aligned(record_header_size + 1 + scratch_.size() + body.size()),
                            publish.queues.size());
  return lsn;
}

Lsn Log::copy(Lsn old, Publish publish, Bytes body) {
  flush_settled();
  const auto known = state_.origins.find(old);
  publish.origin = known == state_.origins.end() ? old : known->second;
  publish.replaces = old;
  if (known != state_.origins.end()) state_.origins.erase(known);
  const Lsn origin = publish.origin;
  const Lsn lsn = this->publish(std::move(publish), body);
  state_.origins.emplace(lsn, origin);
  state_.ledger.drop(old);
  trim();
  return lsn;
}

void Log::settle(QueueId queue, Lsn lsn) {
  settled_.push_back({queue, lsn});
  state_.ledger.settle(lsn);
  if (!state_.origins.empty()) state_.origins.erase(lsn);
  trim();
}

void Log::count(QueueId queue, Lsn lsn, std::uint32_t delivery_count) {
  std::vector<std::uint8_t> fields;
  encode(Settled{queue, lsn}, fields);
  put_number(fields, delivery_count, 4);
  append(Type::count, {Bytes(fields)});
}

std::size_t Log::bury_moved(Lsn from) {
  if (state_.ledger.segments().front().start != from) return 0;
  const std::size_t buried = state_.ledger.bury_oldest();
  trim();
  return buried;
}

void Log::trim() {
  for (Lsn start = 0; state_.ledger.take_empty(start);) removals_.push_back(segment_name(start));
}

Commit Log::take() {
  flush_settled();
  close_batch();
  Commit commit{std::exchange(ready_, {}), std::exchange(removals_, {}), 0};
  const Segment* newest = state_.ledger.newest();
  if (newest != nullptr) commit.last = newest->start + newest->used;
  return commit;
}

bool Log::wants_compaction(Lsn& from, Lsn& to) const noexcept {
  const auto& segments = state_.ledger.segments();
  if (segments.size() < 2) return false;
  if (state_.ledger.total_bytes() <= 2 * state_.ledger.live_bytes() + spare_segments * segment_size_) return false;
  from = segments.front().start;
  to = segments.front().end();
  return true;
}

}  // namespace bascule::broker::journal
