// LinkCache: the links on which plain messages go out, one an address, at most so many.
//
// At the bound the link that was used longest ago gives way, unless messages are still queued on it; when they are on every
// one, there is none for another address. `Link` is amqp::Sender, or a test's own.
// Lifetime: the links are the connection's; what is closed here is closed in order. Thread safety: the loop's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace bascule::python {

template <class Link>
class LinkCache {
 public:
  /// An address, and the capabilities of the link's target.
  using Key = std::pair<std::string, std::vector<std::string>>;

  LinkCache(std::size_t bound, std::function<Link(const Key&)> open) : bound_(bound), open_(std::move(open)) {}

  /// The link for this key, opened when there is none; null at the bound, when every link has messages queued.
  Link* at(const Key& key) {
    if (const auto found = index_.find(key); found != index_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      return &found->second->second;
    }
    if (recent_.size() >= bound_ && !make_room()) return nullptr;
    recent_.emplace_front(key, open_(key));
    index_[key] = recent_.begin();
    return &recent_.front().second;
  }
  std::size_t size() const noexcept { return recent_.size(); }

 private:
  bool make_room() {
    for (auto entry = recent_.end(); entry != recent_.begin();) {
      --entry;
      if (entry->second.queued() != 0) continue;
      entry->second.close();
      index_.erase(entry->first);
      recent_.erase(entry);
      return true;
    }
    return false;
  }

  using Entries = std::list<std::pair<Key, Link>>;  // the most recently used first
  std::size_t bound_;
  std::function<Link(const Key&)> open_;
  Entries recent_;
  std::map<Key, typename Entries::iterator> index_;
};

}  // namespace bascule::python
