#include "bascule/broker/journal_ledger.hpp"

#include <algorithm>

namespace bascule::broker::journal {

Segment& Ledger::add(Lsn start, std::uint64_t capacity) {
  if (!segments_.empty()) segments_.back().messages.shrink_to_fit();
  total_bytes_ += capacity;
  segments_.push_back({.start = start, .capacity = capacity, .messages = {}});
  return segments_.back();
}

void Ledger::add_message(Lsn place, std::size_t queues) {
  Segment& segment = *find_segment(place);  // not always the newest: recovery may apply a batch late
  const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(queues, many));
  segment.messages.push_back({static_cast<std::uint32_t>((place - segment.start) / 8), count});
  if (count == many) many_[place] = static_cast<std::uint32_t>(queues);
  if (count > 0) ++segment.live;
}

Segment* Ledger::find_segment(Lsn place) noexcept {
  const auto behind = std::upper_bound(segments_.begin(), segments_.end(), place,
                                       [](Lsn at, const Segment& candidate) { return at < candidate.start; });
  if (behind == segments_.begin()) return nullptr;
  Segment& found = *std::prev(behind);
  return place < found.end() ? &found : nullptr;
}

Segment::Message* Ledger::find(Lsn place, Segment*& segment) noexcept {
  segment = find_segment(place);
  if (segment == nullptr) return nullptr;
  const auto offset = static_cast<std::uint32_t>((place - segment->start) / 8);
  const auto found =
      std::lower_bound(segment->messages.begin(), segment->messages.end(), offset,
                       [](const Segment::Message& message, std::uint32_t wanted) { return message.offset < wanted; });
  if (found == segment->messages.end() || found->offset != offset || found->queues == 0) return nullptr;
  return &*found;
}

void Ledger::bury(Segment& segment, Segment::Message& message, Lsn place) noexcept {
  if (message.queues == many) many_.erase(place);
  message.queues = 0;
  --segment.live;
}

void Ledger::settle(Lsn place) noexcept {
  Segment* segment = nullptr;
  Segment::Message* message = find(place, segment);
  if (message == nullptr) return;
  if (message->queues == many) {
    if (--many_[place] == 0) bury(*segment, *message, place);
  } else if (message->queues == 1) {
    bury(*segment, *message, place);
  } else {
    message->queues = (message->queues - 1U) & many;
  }
}

void Ledger::drop(Lsn place) noexcept {
  Segment* segment = nullptr;
  if (Segment::Message* message = find(place, segment)) bury(*segment, *message, place);
}

bool Ledger::lives(Lsn place) const noexcept {
  Segment* segment = nullptr;
  return const_cast<Ledger*>(this)->find(place, segment) != nullptr;
}

std::vector<Lsn> Ledger::oldest_living() const {
  std::vector<Lsn> places;
  if (segments_.empty()) return places;
  const Segment& oldest = segments_.front();
  places.reserve(oldest.live);
  for (const Segment::Message& message : oldest.messages) {
    if (message.queues != 0) places.push_back(oldest.start + std::uint64_t{message.offset} * 8);
  }
  return places;
}

void Ledger::drop_newest() noexcept {
  total_bytes_ -= segments_.back().capacity;
  segments_.pop_back();
}

bool Ledger::take_empty(Lsn& start) {
  if (segments_.size() < 2 || segments_.front().live > 0 || segments_.front().damaged) return false;
  start = segments_.front().start;
  total_bytes_ -= segments_.front().capacity;
  segments_.pop_front();
  return true;
}

std::uint64_t Ledger::live_bytes() const noexcept {
  std::uint64_t all = 0;
  for (const Segment& segment : segments_) all += segment.live_bytes();
  return all;
}

}  // namespace bascule::broker::journal
