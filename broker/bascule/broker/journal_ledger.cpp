#include "bascule/broker/journal_ledger.hpp"

#include <algorithm>

namespace bascule::broker::journal {

Segment& Ledger::add(Lsn start, std::uint64_t capacity) {
  total_bytes_ += capacity;
  segments_.push_back({.start = start, .capacity = capacity, .messages = {}});
  return segments_.back();
}

void Ledger::add_message(Lsn lsn, std::uint64_t size, std::size_t queues) {
  Segment& segment = segments_.back();
  segment.messages.push_back({static_cast<std::uint32_t>(lsn - segment.start), static_cast<std::uint32_t>(size),
                              static_cast<std::uint32_t>(queues)});
  segment.live_bytes += size;
  ++segment.live;
  live_bytes_ += size;
}

Segment::Message* Ledger::find(Lsn lsn, Segment*& segment) noexcept {
  const auto behind = std::upper_bound(segments_.begin(), segments_.end(), lsn,
                                       [](Lsn at, const Segment& candidate) { return at < candidate.start; });
  if (behind == segments_.begin()) return nullptr;
  segment = &*std::prev(behind);
  const std::uint64_t offset = lsn - segment->start;
  const auto found =
      std::lower_bound(segment->messages.begin(), segment->messages.end(), offset,
                       [](const Segment::Message& message, std::uint64_t wanted) { return message.offset < wanted; });
  if (found == segment->messages.end() || found->offset != offset || found->queues == 0) return nullptr;
  return &*found;
}

void Ledger::bury(Segment& segment, Segment::Message& message) noexcept {
  message.queues = 0;
  segment.live_bytes -= message.size;
  --segment.live;
  live_bytes_ -= message.size;
}

void Ledger::settle(Lsn lsn) noexcept {
  Segment* segment = nullptr;
  Segment::Message* message = find(lsn, segment);
  if (message == nullptr) return;
  if (message->queues == 1) {
    bury(*segment, *message);
  } else {
    --message->queues;
  }
}

void Ledger::drop(Lsn lsn) noexcept {
  Segment* segment = nullptr;
  if (Segment::Message* message = find(lsn, segment)) bury(*segment, *message);
}

std::size_t Ledger::bury_oldest() noexcept {
  std::size_t buried = 0;
  for (Segment::Message& message : segments_.front().messages) {
    if (message.queues == 0) continue;
    bury(segments_.front(), message);
    ++buried;
  }
  return buried;
}

void Ledger::drop_newest() noexcept {
  total_bytes_ -= segments_.back().capacity;
  segments_.pop_back();
}

bool Ledger::take_empty(Lsn& start) {
  if (segments_.size() < 2 || segments_.front().live > 0) return false;
  start = segments_.front().start;
  total_bytes_ -= segments_.front().capacity;
  segments_.pop_front();
  return true;
}

}  // namespace bascule::broker::journal
