// Demand: how much of a storage's room what is about to be appended takes, at most.
//
// Thread safety: none. Sizes are upper bounds of what the journal's format makes of the parts (journal_format.hpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "bascule/broker/message.hpp"

namespace bascule::broker {

class Demand {
 public:
  /// One message, whatever number of queues it goes to.
  Demand& message(const Message& message, std::size_t queues = 1) noexcept {
    return record(message.body().size() + 4 * queues);
  }
  /// What a node remembers it by.
  Demand& key(std::string_view identifier) noexcept { return record(identifier.size()); }
  Demand& node(std::string_view address, std::string_view definition) noexcept {
    return record(2 * (address.size() + definition.size()));  // once now, once where the next segment names all
  }
  /// These make as many records as suits.
  Demand& settlements(std::size_t count) noexcept {
    bytes_ += count == 0 ? 0 : 12 * count + overhead;
    return *this;
  }
  /// Anything: `content` is what it holds.
  Demand& record(std::uint64_t content) noexcept {
    const std::uint64_t size = content + overhead;
    bytes_ += size;
    largest_ = std::max(largest_, size);
    return *this;
  }

  Demand& operator+=(const Demand& more) noexcept {
    bytes_ += more.bytes_;
    largest_ = std::max(largest_, more.largest_);
    return *this;
  }

  std::uint64_t bytes() const noexcept { return bytes_; }
  /// Of one record that cannot be cut.
  std::uint64_t largest() const noexcept { return largest_; }

 private:
  static constexpr std::uint64_t overhead = 96;  // a record's header and the fields that may be there
  std::uint64_t bytes_ = 0, largest_ = 0;
};

/// Messages leave room for what ends them.
enum class Purpose : std::uint8_t { messages, settlements };

}  // namespace bascule::broker
