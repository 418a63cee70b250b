#include "bascule/pg/statement_cache.hpp"

#include <iterator>

namespace bascule::pg {

StatementCache::Lookup StatementCache::find(std::string_view text, std::uint64_t unit) {
  if (capacity_ == 0) return {State::uncached, {}};
  if (const auto known = by_text_.find(text); known != by_text_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    const auto& entry = *known->second;
    return {entry.ready || entry.unit == unit ? State::ready : State::preparing, entry.name};
  }
  make_room();
  entries_.push_front({std::string(text), "s" + std::to_string(++next_name_), unit});
  const auto at = entries_.begin();
  by_text_.emplace(at->text, at);
  by_name_.emplace(at->name, at);
  return {State::fresh, at->name};
}

void StatementCache::confirmed(const std::string& name) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) known->second->ready = true;
}

void StatementCache::forget(const std::string& name) {
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) {
    std::erase(evicted_, name);
    return;
  }
  const auto at = known->second;
  by_name_.erase(known);
  by_text_.erase(at->text);
  entries_.erase(at);
}

void StatementCache::make_room() {
  // One still being prepared may be evicted too: its deallocation is sent behind its preparation.
  while (entries_.size() >= capacity_) {
    const auto oldest = std::prev(entries_.end());
    evicted_.push_back(oldest->name);
    by_name_.erase(oldest->name);
    by_text_.erase(oldest->text);
    entries_.erase(oldest);
  }
}

}  // namespace bascule::pg
