#include "bascule/broker/journal_log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bascule::broker::journal {
namespace {

// Below this many segments nothing is copied: the dead space is small anyway.
constexpr std::uint64_t spare_segments = 8;
constexpr std::string_view side_suffix = ".body";

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

void Log::put(Type type, Bytes fields, Bytes body, Lsn lsn) {
  put_record(open_, type, fields, body, lsn);
  ++records_;
}

Lsn Log::append(Type type, Bytes fields, Bytes body) {
  const std::uint64_t size = record_size(fields, body);
  if (open_.empty()) begin_batch();
  const Segment* segment = state_.ledger.newest();
  if (segment == nullptr || segment->used + open_.size() + size > segment->capacity) roll(size);
  const Lsn lsn = open_lsn_ + open_.size();
  put(type, fields, body, lsn);
  state_.marked = type == Type::mark;
  return lsn;
}

// The first record of a segment names all queues, so that older segments may go.
void Log::begin_batch() {
  const Segment* segment = state_.ledger.newest();
  if (segment == nullptr) return;
  open_lsn_ = segment->start + segment->used;
  open_.resize(batch_header_size);
  if (segment->used == segment_header_size) put(Type::checkpoint, all_queues(), {}, open_lsn_ + open_.size());
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

void Log::flush_settled() {
  if (settled_.empty()) return;
  scratch_.clear();
  for (const Settled& one : settled_) encode(one, scratch_);
  settled_.clear();
  append(Type::settle, scratch_);
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
  state_.queues.emplace(id, std::move(made));
  return id;
}

void Log::remove(QueueId queue) {
  flush_settled();
  std::vector<std::uint8_t> fields;
  put_number(fields, queue, 4);
  append(Type::remove, fields);
  state_.queues.erase(queue);
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
  settled_.push_back({queue, origin});
  free_side(state_.settle(origin));
}

void Log::update(const Update& update) {
  std::vector<std::uint8_t> fields;
  encode(update, fields);
  append(Type::update, fields);
}

void Log::remember(Key key) {
  std::vector<std::uint8_t> fields;
  encode(key, fields);
  const Lsn place = append(Type::remember, fields);
  state_.keys.emplace_back(place, std::move(key));
}

void Log::mark() {
  if (!state_.marked && open_.empty() && settled_.empty()) append(Type::mark, {});
}

void Log::free_side(std::uint64_t id) {
  if (id == 0) return;
  if (held_sides_.contains(id)) {
    done_sides_.insert(id);
  } else {
    removals_.push_back(side_file_name(id));
  }
}

// What settled it was appended before, so that the file goes behind that.
void Log::let_go_side(std::uint64_t id) {
  held_sides_.erase(id);
  if (done_sides_.erase(id) > 0) removals_.push_back(side_file_name(id));
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
  return !open_.empty() || !settled_.empty() || !ready_.empty() || !removals_.empty() ||
         (oldest_is_free() && state_.ledger.segments().front().start != kept_for_keys_);
}

Commit Log::take(std::int64_t wall_ms) {
  flush_settled();
  trim(wall_ms);
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

std::uint64_t Log::room() const noexcept {
  const Segment* newest = state_.ledger.newest();
  return newest == nullptr ? 0 : newest->capacity - newest->used;
}

Ahead Log::wants_ahead() {
  const Segment* newest = state_.ledger.newest();
  if (newest == nullptr || newest->used < newest->capacity / 8 || ahead_ == newest->end()) return {};
  if (!ready_.empty()) return {};  // segments before it are not there yet: a crash would leave a gap
  ahead_ = newest->end();
  return {ahead_, segment_size_};
}

bool Log::wants_compaction() const noexcept {
  const auto& segments = state_.ledger.segments();
  if (segments.size() < 2 || segments.front().damaged) return false;
  const std::uint64_t spare = spare_segments * segment_size_;
  if (state_.ledger.total_bytes() <= spare) return false;
  return state_.ledger.total_bytes() > 2 * state_.ledger.live_bytes() + spare;
}

}  // namespace bascule::broker::journal
