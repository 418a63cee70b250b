#include "bascule/broker/entries.hpp"

#include <algorithm>

namespace bascule::broker {

void Entries::erase(Position at) noexcept {
  auto& slot = pages_[at / page_size - first_page_];
  slot->entries[at % page_size] = Entry{};
  // The page that is being filled stays, however empty it is.
  if (--slot->live > 0 || at / page_size == end_ / page_size) return;
  spare_ = std::move(slot);
  while (!pages_.empty() && pages_.front() == nullptr) {
    pages_.pop_front();
    ++first_page_;
  }
}

Position Entries::skip_gaps(Position at) const noexcept {
  at = std::max(at, begin());
  while (at < end_ && pages_[at / page_size - first_page_] == nullptr) at = (at / page_size + 1) * page_size;
  return std::min(at, end_);
}

}  // namespace bascule::broker
