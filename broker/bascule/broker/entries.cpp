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
    before_.pop_front();
    ++first_page_;
  }
}

Entry* Entries::find_in_page(std::size_t page, Lsn lsn) noexcept {
  if (pages_[page] == nullptr) return nullptr;
  for (Entry& entry : pages_[page]->entries) {
    if (entry.lsn == lsn && entry.state != Entry::State::gone) return &entry;
  }
  return nullptr;
}

Entry* Entries::find_stored(Lsn lsn) noexcept {
  const auto behind = std::lower_bound(before_.begin(), before_.end(), lsn);
  if (behind != before_.begin()) {
    if (Entry* found = find_in_page(static_cast<std::size_t>(behind - before_.begin()) - 1, lsn)) return found;
  }
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    if (Entry* found = find_in_page(page, lsn)) return found;
  }
  return nullptr;
}

Position Entries::skip_gaps(Position at) const noexcept {
  at = std::max(at, begin());
  while (at < end_ && pages_[at / page_size - first_page_] == nullptr) at = (at / page_size + 1) * page_size;
  return std::min(at, end_);
}

}  // namespace bascule::broker
