#include "bascule/events/outbox_order.hpp"

namespace bascule::events {

std::string OutboxOrder::name_of(const OutboxRow& row) {
  // One letter in front, so that a key and the id of a row without one never meet.
  std::string name(1, row.key.empty() ? 'i' : 'k');
  name += row.key.empty() ? std::to_string(row.id) : row.key;
  return name;
}

void OutboxOrder::load(std::vector<OutboxRow> rows, Clock::time_point now) {
  rows_ = std::move(rows);
  ready_.clear();
  behind_.clear();
  // What failed before is tried after what did not: hopeless rows must not use up the attempts of the others.
  std::vector<std::size_t> again;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto& row = rows_[i];
    if (!row.key.empty()) {
      const auto [place, first] = behind_.try_emplace(row.key);
      if (!first) {
        place->second.push_back(i);
        continue;
      }
    }
    const auto block = blocks_.find(name_of(row));
    if (block == blocks_.end())
      ready_.push_back(i);
    else if (block->second.until <= now)
      again.push_back(i);
    // Of a blocked key all rows wait, for nobody: they are read again.
  }
  ready_.insert(ready_.end(), again.begin(), again.end());
}

const OutboxRow* OutboxOrder::next(Clock::time_point now) {
  const auto most = probing() ? 1 : limits_.in_flight;
  if (ready_.empty() || in_flight_ >= most || paused(now)) return nullptr;
  const auto& row = rows_[ready_.front()];
  ready_.pop_front();
  in_flight_ += 1;
  return &row;
}

void OutboxOrder::confirmed(const OutboxRow& row, Clock::time_point now) {
  in_flight_ -= 1;
  confirmed_.push_back(row.id);
  blocks_.erase(name_of(row));
  if (!row.key.empty()) {
    auto& behind = behind_[row.key];
    if (!behind.empty()) {
      ready_.push_back(behind.front());
      behind.pop_front();
    }
  }
  if (probing()) {
    for (auto& [name, block] : blocks_) block.until = now;  // the broker is back: nobody waits for its own backoff
  }
  failures_ = 0;
  pause_.reset();
}

void OutboxOrder::failed(const OutboxRow& row, Clock::time_point now, std::uint64_t random) {
  in_flight_ -= 1;
  failures_ += 1;
  // What is behind the row stays behind it: it is not published in this batch.
  auto& block = blocks_.try_emplace(name_of(row), Block{Backoff(limits_.backoff), now, row.id, row.key}).first->second;
  block.until = now + block.backoff.next(random);
  const bool too_many = blocks_.size() > limits_.blocked;
  if (failures_ < limits_.broker_away && !too_many) return;
  if (too_many) blocks_.clear();
  failures_ = 0;
  paused_until_ = now + pause_.next(random);
}

std::vector<std::string> OutboxOrder::blocked_keys(Clock::time_point now) const {
  std::vector<std::string> keys;
  for (const auto& [name, block] : blocks_) {
    if (block.until > now && !block.key.empty()) keys.push_back(block.key);
  }
  return keys;
}

std::vector<std::int64_t> OutboxOrder::blocked_ids(Clock::time_point now) const {
  std::vector<std::int64_t> ids;
  for (const auto& [name, block] : blocks_) {
    if (block.until > now && block.key.empty()) ids.push_back(block.id);
  }
  return ids;
}

std::optional<Clock::time_point> OutboxOrder::next_retry(Clock::time_point now) const {
  std::optional<Clock::time_point> earliest;
  if (paused(now)) earliest = paused_until_;
  for (const auto& [name, block] : blocks_) {
    if (block.until > now && !paused(now) && (!earliest || block.until < *earliest)) earliest = block.until;
  }
  return earliest;
}

}  // namespace bascule::events
