// Entries: a queue's messages in order, addressed by their position for life.
//
// Positions count up from 0 and are never reused. Entries are kept in pages of 4 KiB; a page is freed as soon
// as all of its entries are gone, so that one message which a consumer holds for hours keeps one page and not
// everything behind it. A message costs 32 bytes here. Thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>

#include "bascule/broker/message.hpp"

namespace bascule::broker {

/// A message's position in its queue.
using Position = std::uint64_t;
/// A place in the journal; 0: not in the journal.
using Lsn = std::uint64_t;

struct Entry {
  enum class State : std::uint8_t {
    gone,       ///< settled, expired or never used
    available,  ///< may be delivered
    scheduled,  ///< may be delivered when it is due
    acquired,   ///< delivered, not settled
  };

  MessageRef message;  ///< null: it is where `lsn` says, and not in memory
  Lsn lsn = 0;
  std::uint32_t cost = 0;
  std::uint32_t delivery_count = 0;
  State state = State::gone;
  std::uint8_t level = 4;            ///< its priority here: higher goes first
  bool acquired_before : 1 = false;  ///< its next delivery is not the first acquisition
  bool restricted : 1 = false;       ///< some consumer said undeliverable-here
  bool parked : 1 = false;           ///< available, and waits for its group
  bool delayed : 1 = false;          ///< scheduled because an attempt failed
  bool extra : 1 = false;            ///< the queue keeps an Extra for it
  bool annotated : 1 = false;        ///< a receiver added to its message
  std::uint32_t group = 0;           ///< hash of its group-id; 0: none
};
static_assert(sizeof(Entry) <= 32);

class Entries {
 public:
  static constexpr std::size_t page_size = 128;

  /// One behind the last.
  Position end() const noexcept { return end_; }
  /// The first that may still exist.
  Position begin() const noexcept { return first_page_ * page_size; }

  /// `lsn`: the journal's, or 0.
  Entry& push(Lsn lsn = 0) {
    const auto page = end_ / page_size - first_page_;
    if (page == pages_.size()) {
      pages_.push_back(take_page());
      before_.push_back(last_lsn_);
    }
    if (lsn != 0) last_lsn_ = lsn;
    ++pages_[page]->live;
    Entry& entry = pages_[page]->entries[end_++ % page_size];
    entry.lsn = lsn;
    return entry;
  }
  /// The entry at `at`, or null when it is gone.
  Entry* find(Position at) noexcept {
    if (at < begin() || at >= end_) return nullptr;
    Page* page = pages_[at / page_size - first_page_].get();
    if (page == nullptr) return nullptr;
    Entry& entry = page->entries[at % page_size];
    return entry.state == Entry::State::gone ? nullptr : &entry;
  }
  /// Makes the entry at `at`, which exists, gone.
  void erase(Position at) noexcept;
  /// The entry that was pushed with this lsn, or null. Quick where they were pushed in order, and right in any case.
  Entry* find_stored(Lsn lsn) noexcept;
  /// The first position from `at` on whose page exists; end() when there is none. For scans.
  Position skip_gaps(Position at) const noexcept;

 private:
  struct Page {
    std::array<Entry, page_size> entries;
    std::uint32_t live = 0;
  };
  std::unique_ptr<Page> take_page() { return spare_ ? std::move(spare_) : std::make_unique<Page>(); }

  Entry* find_in_page(std::size_t page, Lsn lsn) noexcept;

  std::deque<std::unique_ptr<Page>> pages_;  // null: all of its entries are gone
  std::deque<Lsn> before_;                   // by page: the last lsn that was pushed before it
  Lsn last_lsn_ = 0;
  std::unique_ptr<Page> spare_;  // the last page emptied: a short queue allocates nothing
  std::uint64_t first_page_ = 0;
  Position end_ = 0;
};

}  // namespace bascule::broker
