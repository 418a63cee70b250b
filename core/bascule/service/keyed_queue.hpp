// KeyedQueue: work that runs one at a time for each key and at once across keys. Pure.
//
// Events of one ordering key must take effect in the order published; events of other keys need not wait for them.
// Items without a key are free. Bounds: none of its own; the subscription's credit bounds what is in it.
// Thread safety: one thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace bascule::service {

template <class Item>
class KeyedQueue {
 public:
  /// Returns the item when it may begin now; otherwise it waits for its key.
  std::optional<Item> push(const std::string& key, Item item) {
    if (key.empty()) return item;
    const auto [entry, first] = busy_.try_emplace(key);
    if (first) return item;
    entry->second.push_back(std::move(item));
    return std::nullopt;
  }
  /// The item that was running for `key` has ended: the next one of that key, if any, which begins now.
  std::optional<Item> finished(const std::string& key) {
    if (key.empty()) return std::nullopt;
    const auto entry = busy_.find(key);
    if (entry == busy_.end()) return std::nullopt;
    if (entry->second.empty()) {
      busy_.erase(entry);
      return std::nullopt;
    }
    auto next = std::move(entry->second.front());
    entry->second.pop_front();
    return next;
  }
  std::size_t keys() const noexcept { return busy_.size(); }

 private:
  std::unordered_map<std::string, std::deque<Item>> busy_;
};

}  // namespace bascule::service
