#include "bascule/broker/journal_room.hpp"

namespace bascule::broker::journal {
namespace {

constexpr std::uint64_t piece = 64;  // of a row of settlements that goes on in the next segment

}  // namespace

Ahead Room::take() noexcept {
  const Ahead next = made_.front();
  made_.pop_front();
  return next;
}

// A record is in one segment: at the end of each, up to the largest of them is wasted.
bool Room::fits(std::uint64_t newest, std::uint64_t begun, const Demand& demand, std::uint64_t keep) const noexcept {
  std::uint64_t wanted = demand.bytes();
  const auto use = [&](std::uint64_t there) {
    if (wanted <= there) {
      there -= wanted;
      wanted = 0;
      keep -= std::min(keep, there);
    } else if (there > demand.largest() + piece) {
      wanted -= std::min(wanted, there - demand.largest() - piece);
    }
  };
  use(newest);
  for (const Ahead& segment : made_) {
    if (wanted == 0 && keep == 0) return true;
    use(segment.capacity - std::min(segment.capacity, begun));
  }
  return wanted == 0 && keep == 0;
}

std::uint64_t Room::left(std::uint64_t newest, std::uint64_t begun) const noexcept {
  for (const Ahead& segment : made_) newest += segment.capacity - std::min(segment.capacity, begun);
  return newest;
}

}  // namespace bascule::broker::journal
