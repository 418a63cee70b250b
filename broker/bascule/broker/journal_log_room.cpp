// What of the log goes where there is room for it, and what waits.
#include <algorithm>

#include "bascule/broker/journal_log.hpp"

namespace bascule::broker::journal {
namespace {

constexpr std::uint64_t bytes_of_settled = 12;

}  // namespace

// What every segment begins with.
std::uint64_t Log::begun_with() const noexcept {
  return segment_header_size + batch_header_size + aligned(record_header_size + 2 + definitions_);
}

// Of the batch that is open, or would be by the next record.
std::uint64_t Log::open_size() const noexcept {
  if (!open_.empty()) return open_.size();
  const bool fresh = state_.ledger.newest()->used == segment_header_size;
  return fresh ? begun_with() - segment_header_size : batch_header_size;
}

std::uint64_t Log::left_in_newest() const noexcept {
  const Segment* newest = state_.ledger.newest();
  if (newest == nullptr) return 0;
  return newest->capacity - std::min(newest->capacity, newest->used + open_size());
}

bool Log::fits(const Demand& demand, std::uint64_t keep) const noexcept {
  Demand all = demand;
  all.settlements(settled_.size());  // they go first
  return room_.fits(left_in_newest(), begun_with(), all, keep);
}

Ahead Log::next_segment(std::uint64_t largest) const noexcept {
  const Segment* newest = state_.ledger.newest();
  const Lsn start = !room_.empty()      ? room_.last().start + room_.last().capacity
                    : newest != nullptr ? newest->end()
                                        : state_.end;
  return {start, std::max(segment_size_, aligned(begun_with() + largest + settlement_room()))};
}

// In the newest segment. The last of the room is for copies alone: they free a segment.
std::size_t Log::settlements_that_fit() const noexcept {
  const std::uint64_t head = record_header_size + 2;
  const std::uint64_t all = left(), here = left_in_newest() / 8 * 8;
  if (all <= copy_room() + head || here <= head) return 0;
  return (std::min(here, all - copy_room()) - head) / bytes_of_settled;
}

bool Log::spare() const noexcept { return !only_made_ || left() >= copy_room() + 64; }

bool Log::waiting_has_room() const noexcept { return (!settled_.empty() || !removed_.empty()) && spare(); }

// As far as there is room: what is left waits, in less memory than what it settled had.
void Log::flush_settled() {
  std::size_t done = 0;
  while (done < settled_.size()) {
    std::size_t count = settled_.size() - done;
    if (only_made_) {
      count = std::min(count, settlements_that_fit());
      if (count == 0 && (room_.empty() || !spare())) break;
      if (count == 0) {
        roll(0);
        continue;
      }
    }
    scratch_.clear();
    for (std::size_t end = done + count; done < end; ++done) {
      encode(Settled{settled_[done].queue, settled_[done].origin}, scratch_);
      said(settled_[done]);
    }
    append(Type::settle, scratch_);
  }
  settled_.erase(settled_.begin(), settled_.begin() + static_cast<std::ptrdiff_t>(done));
}

void Log::flush_removed() {
  while (!removed_.empty() && spare()) {
    std::vector<std::uint8_t> fields;
    put_number(fields, removed_.back(), 4);
    removed_.pop_back();
    append(Type::remove, fields);
  }
}

// What was settled in a segment that is gone need not be said any more. Of what was moved, that is not known.
void Log::forget_waiting() {
  if (settled_.empty() || state_.ledger.segments().empty()) return;
  const Lsn oldest = state_.ledger.segments().front().start;
  std::erase_if(settled_, [&](const Waiting& one) {
    const bool gone = !one.moved && one.origin < oldest;
    if (gone) said(one);
    return gone;
  });
}

Ahead Log::wants_ahead() {
  const Segment* newest = state_.ledger.newest();
  if (only_made_) {
    const bool wanted = newest != nullptr && room_.empty() && newest->used >= newest->capacity / 8;
    return wanted ? next_segment() : Ahead{};
  }
  if (newest == nullptr || newest->used < newest->capacity / 8 || ahead_ == newest->end()) return {};
  if (!ready_.empty()) return {};  // segments before it are not there yet: a crash would leave a gap
  ahead_ = newest->end();
  return {ahead_, segment_size_};
}

}  // namespace bascule::broker::journal
