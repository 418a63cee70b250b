// StatementCache: which statement texts a connection has prepared, and under which names. Bounded, least
// recently used out.
//
// Names are never used twice on a connection, so a statement that could not be deallocated does no harm.
// Pure: the caller sends what the answers mean. Thread safety: one owner.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bascule::pg {

class StatementCache {
 public:
  explicit StatementCache(std::size_t capacity) : capacity_(capacity) {}

  enum class State {
    uncached,   ///< send it unprepared: the cache is off
    fresh,      ///< prepare it under `name` first, then tell confirmed() or forget()
    preparing,  ///< asked for by an earlier unit whose answer is not here yet: may still fail
    ready,      ///< the server has it
  };
  struct Lookup {
    State state;
    std::string name;
  };
  /// `unit` tells pieces of work apart: the one that prepares a statement may use it before the answer.
  Lookup find(std::string_view text, std::uint64_t unit);

  void confirmed(const std::string& name);
  /// The server does not have it (its preparation failed or was skipped), or must not use it again.
  void forget(const std::string& name);
  /// Names that fell out of the cache and are to be deallocated on the server; the caller takes them over.
  std::vector<std::string> take_evicted() { return std::exchange(evicted_, {}); }
  /// A name that could not be deallocated yet.
  void evict_later(std::string name) { evicted_.push_back(std::move(name)); }
  bool has_evicted() const noexcept { return !evicted_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string text, name;
    std::uint64_t unit;
    bool ready = false;
  };
  using Position = std::list<Entry>::iterator;

  void make_room();

  std::size_t capacity_;
  std::uint64_t next_name_ = 0;
  std::list<Entry> entries_;  ///< most recently used first
  std::unordered_map<std::string_view, Position> by_text_;
  std::unordered_map<std::string_view, Position> by_name_;
  std::vector<std::string> evicted_;
};

}  // namespace bascule::pg
