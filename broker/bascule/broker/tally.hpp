// Tally: how many of something each key has, with a bound: connections of an address, of a user.
// Thread safety: none of its own. Lifetime: a Place must not outlive its Tally.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace bascule::broker {

class Tally {
 public:
  /// One of the key's; given back when it goes.
  class Place {
   public:
    Place(Tally& tally, std::string key) : tally_(&tally), key_(std::move(key)) {}
    Place(Place&& other) noexcept : tally_(std::exchange(other.tally_, nullptr)), key_(std::move(other.key_)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(tally_, other.tally_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Place() {
      if (tally_ != nullptr) tally_->give_back(key_);
    }

   private:
    Tally* tally_;
    std::string key_;
  };

  /// None when the key has `limit` already; 0: no bound.
  std::optional<Place> take(const std::string& key, std::uint32_t limit) {
    auto& count = counts_[key];
    if (limit != 0 && count >= limit) return std::nullopt;
    ++count;
    return Place(*this, key);
  }
  std::uint32_t count(const std::string& key) const {
    const auto found = counts_.find(key);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  void give_back(const std::string& key) {
    const auto found = counts_.find(key);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }
  std::unordered_map<std::string, std::uint32_t> counts_;
};

}  // namespace bascule::broker
