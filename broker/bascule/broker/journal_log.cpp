#include "bascule/broker/journal_log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bascule::broker::journal {
namespace {

// Below this many segments nothing is copied: the dead space is small anyway.
constexpr std::uint64_t spare_segments = 8;
constexpr std::string_view side_suffix = ".body";

std::uint64_t size_of(const QueueDefinition& definition) {
  std::vector<std::uint8_t> encoded;
  encode(definition, encoded);
  return encoded.size();
}

}  // namespace

std::string side_file_name(std::uint64_t id) {
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(id));
  return hex.data() + std::string(side_suffix);
}

bool is_side_file_name(std::string_view name) noexcept {
  return name.size() == 16 + side_suffix.size() && name.ends_with(side_suffix) &&
         name.find_first_not_of("0123456789abcdef") == 16;
}

std::uint64_t SideFiles::drop(Lsn origin) {
  if (of.empty()) return 0;
  const auto found = of.find(origin);
  if (found == of.end()) return 0;
  const std::uint64_t id = found->second;
  of.erase(found);
  const auto file = users.find(id);
  if (--file->second > 0) return 0;
  users.erase(file);
  return id;
}

std::uint64_t LogState::settle(Lsn origin) {
  const Lsn place = place_of(origin);
  ledger.settle(place);
  if ((places.empty() && sides.of.empty()) || ledger.lives(place)) return 0;
  places.erase(origin);
  return sides.drop(origin);
}

std::uint64_t LogState::drop(Lsn origin) {
  ledger.drop(place_of(origin));
  places.erase(origin);
  return sides.drop(origin);
}

Log::Log(LogState state, std::uint64_t segment_size, bool flushes_each)
    : state_(std::move(state)),
      segment_size_(segment_size),
      flushes_each_(flushes_each),
      room_(std::exchange(state_.made, {})) {
  for (const auto& [id, queue] : state_.queues) definitions_ += size_of(queue);
}

void Log::put(Type type, Bytes fields, Bytes body, Lsn lsn) {
  put_record(open_, type, fields, body, lsn);
  ++records_;
}

Lsn Log::append(Type type, Bytes fields, Bytes body) {
  const std::uint64_t size = record_size(fields, body);
  if (open_.empty()) begin_batch();
  while (!there_is_room(size)) roll(size);
  const Lsn lsn = open_lsn_ + open_.size();
  put(type, fields, body, lsn);
  state_.marked = type == Type::mark;
  return lsn;
}

// In the batch that is open.
bool Log::there_is_room(std::uint64_t record) const noexcept {
  const Segment* segment = state_.ledger.newest();
  return segment != nullptr && !open_.empty() && segment->used + open_.size() + record <= segment->capacity;
}

// The first record of a segment names all queues, so that older segments may go. Nothing is begun in one that is too
// small for them.
void Log::begin_batch() {
  const Segment* segment = state_.ledger.newest();
  if (segment == nullptr || segment->used + open_size() > segment->capacity) return;
  open_lsn_ = segment->start + segment->used;
  open_.resize(batch_header_size);
  if (segment->used == segment_header_size) put(Type::checkpoint, all_queues(), {}, open_lsn_ + open_.size());
}

Bytes Log::all_queues() {
  queues_.clear();
  for (const auto& [id, definition] : state_.queues) encode(definition, queues_);
  return queues_;
}

// Begins the next segment, large enough for the record that did not fit; or the next that is there.
void Log::roll(std::uint64_t record) {
  if (open_.size() == batch_header_size) open_.clear();
  close_batch();
  if (only_made_ && !room_.empty()) {
    const Ahead next = room_.take();
    state_.ledger.add(next.start, next.capacity).used = segment_header_size;
    return begin_batch();
  }
  const std::uint64_t least = segment_header_size + batch_header_size + record_size(all_queues(), {}) + record;
  const Segment* last = state_.ledger.newest();
  const Lsn start = last == nullptr ? state_.end : last->end();
  state_.ledger.add(start, std::max(segment_size_, aligned(least))).used = segment_header_size;
  begin_batch();
}

void Log::close_batch() {
  if (open_.empty()) return;
  seal_batch(open_, {.lsn = open_lsn_,
                     .previous = state_.last_batch,
                     .flushed = flushes_each_ ? open_lsn_ : flushed_,
                     .flags = depth_ > 0 ? goes_on : 0,
                     .records = std::exchange(records_, 0)});
  state_.last_batch = open_lsn_;
  Segment& segment = *state_.ledger.newest();
  const std::uint64_t offset = segment.used;
  segment.used += open_.size();
  ready_.push_back({segment.start, segment.capacity, offset, std::move(open_)});
  open_.clear();
}

void Log::begin() {
  if (depth_ == 0) flush_settled();
  ++depth_;
}

Lsn Log::end() {
  if (depth_ == 1) flush_settled();
  --depth_;
  return open_.empty() ? 0 : open_lsn_ + open_.size() - 1;
}

QueueId Log::declare(std::string address, std::string definition) {
  QueueDefinition made{++state_.last_queue, std::move(address), std::move(definition)};
  std::vector<std::uint8_t> fields;
  encode(made, fields);
  append(Type::declare, fields);
  const QueueId id = made.queue;
  definitions_ += fields.size();
  state_.queues.emplace(id, std::move(made));
  return id;
}

void Log::remove(QueueId queue) {
  flush_settled();
  if (const auto found = state_.queues.find(queue); found != state_.queues.end()) {
    definitions_ -= size_of(found->second);
    state_.queues.erase(found);
  }
  removed_.push_back(queue);
  flush_removed();
}

Lsn Log::publish(const Publish& publish, Bytes body) {
  scratch_.clear();
  encode(publish, scratch_);
  const Lsn lsn = append(Type::publish, scratch_, body);
  state_.ledger.add_message(lsn, publish.queues.size());
  if (publish.side.id != 0) {
    state_.sides.add(publish.origin == 0 ? lsn : publish.origin, publish.side.id);
    done_sides_.erase(publish.side.id);  // it came back, as a dead letter
  }
  return lsn;
}

void Log::copy(Lsn origin, Publish publish, Bytes body, bool damaged) {
  flush_settled();
  publish.origin = origin;
  state_.ledger.drop(state_.place_of(origin));
  scratch_.clear();
  encode(publish, scratch_);
  const Lsn place = append(damaged ? Type::damaged : Type::publish, scratch_, body);
  state_.ledger.add_message(place, publish.queues.size());
  state_.places[origin] = place;
}

void Log::settle(QueueId queue, Lsn origin) {
  const bool moved = !state_.places.empty() && state_.places.contains(origin);
  const std::uint64_t side = state_.settle(origin);
  settled_.push_back({queue, moved, origin, side});
  if (side == 0) return;
  ++unsaid_sides_[side];
  free_side(side);
}

void Log::update(const Update& update) {
  std::vector<std::uint8_t> fields;
  encode(update, fields);
  if (only_made_ && !fits(Demand().record(fields.size()), settlement_room())) {
    ++updates_dropped_;
    return;
  }
  append(Type::update, fields);
}

void Log::remember(Key key) {
  std::vector<std::uint8_t> fields;
  encode(key, fields);
  const Lsn place = append(Type::remember, fields);
  state_.keys.emplace_back(place, std::move(key));
}

void Log::mark() {
  if (state_.marked || !open_.empty() || !settled_.empty()) return;
  if (!only_made_ || fits(Demand().record(0), settlement_room() / 4 * 3)) append(Type::mark, {});
}

void Log::free_side(std::uint64_t id) {
  if (id == 0) return;
  if (held_sides_.contains(id)) {
    done_sides_.insert(id);
  } else {
    remove_side(id);
  }
}

void Log::let_go_side(std::uint64_t id) {
  held_sides_.erase(id);
  if (done_sides_.erase(id) > 0) remove_side(id);
}

void Log::remove_side(std::uint64_t id) {
  if (unsaid_sides_.contains(id)) {
    due_sides_.insert(id);
  } else {
    gone_sides_.push_back(id);
  }
}

// The settlement was appended, or need not be.
void Log::said(const Waiting& settled) {
  if (settled.side == 0) return;
  const auto unsaid = unsaid_sides_.find(settled.side);
  if (--unsaid->second > 0) return;
  unsaid_sides_.erase(unsaid);
  if (due_sides_.erase(settled.side) > 0) gone_sides_.push_back(settled.side);
}

// Keys of the oldest segment are written anew where they pay less than the segment's other half.
bool Log::carry_keys(Lsn end, std::int64_t wall_ms) {
  auto& keys = state_.keys;
  while (!keys.empty() && keys.front().second.until_ms <= wall_ms) keys.pop_front();
  std::uint64_t size = 0;
  std::size_t count = 0;
  for (; count < keys.size() && keys[count].first < end; ++count) {
    const Key& key = keys[count].second;
    if (key.until_ms > wall_ms && state_.queues.contains(key.node)) size += record_size(key.bytes, {}) + 16;
  }
  if (size > segment_size_ / 2) return false;
  if (only_made_ && count > 0 && !fits(Demand().record(size), copy_room())) return false;
  for (; count > 0; --count) {
    Key key = std::move(keys.front().second);
    keys.pop_front();
    if (key.until_ms > wall_ms && state_.queues.contains(key.node)) remember(std::move(key));
  }
  return true;
}

bool Log::oldest_is_free() const noexcept {
  const auto& segments = state_.ledger.segments();
  return segments.size() > 1 && segments.front().live == 0 && !segments.front().damaged;
}

// Takes off empty segments, oldest first.
void Log::trim(std::int64_t wall_ms) {
  kept_for_keys_ = 0;
  const Lsn newest = state_.ledger.segments().empty() ? 0 : state_.ledger.newest()->start;
  while (oldest_is_free() && state_.ledger.segments().front().start < newest) {
    const Segment& oldest = state_.ledger.segments().front();
    if (!carry_keys(oldest.end(), wall_ms)) {
      kept_for_keys_ = oldest.start;
      return;
    }
    Lsn start = 0;
    if (state_.ledger.take_empty(start)) removals_.push_back(segment_name(start));
  }
}

bool Log::dirty() const noexcept {
  return !open_.empty() || waiting_has_room() || !ready_.empty() || !removals_.empty() ||
         (!gone_sides_.empty() && removed_.empty()) ||
         (oldest_is_free() && state_.ledger.segments().front().start != kept_for_keys_);
}

Commit Log::take(std::int64_t wall_ms) {
  flush_settled();
  flush_removed();
  trim(wall_ms);
  forget_waiting();
  if (removed_.empty()) {
    for (const std::uint64_t id : std::exchange(gone_sides_, {})) removals_.push_back(side_file_name(id));
  }
  close_batch();
  Commit commit{std::exchange(ready_, {}), std::exchange(removals_, {}), 0};
  const Segment* newest = state_.ledger.newest();
  if (newest != nullptr) commit.last = newest->start + newest->used;
  return commit;
}

Lsn Log::keep_damaged(Lsn place) {
  if (Segment* segment = state_.ledger.find_segment(place)) segment->damaged = true;
  for (const auto& [origin, now] : state_.places) {
    if (now == place) return origin;
  }
  return place;
}

bool Log::wants_compaction(bool full) const noexcept {
  const auto& segments = state_.ledger.segments();
  if (segments.size() < 2 || segments.front().damaged) return false;
  if (full) {
    const std::uint64_t live = segments.front().live_bytes();
    return live > 0 && 2 * live <= segments.front().used && fits(Demand().record(live), 0);
  }
  const std::uint64_t spare = spare_segments * segment_size_;
  if (state_.ledger.total_bytes() <= spare) return false;
  return state_.ledger.total_bytes() > 2 * state_.ledger.live_bytes() + spare;
}

}  // namespace bascule::broker::journal
