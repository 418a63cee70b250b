// DedupWindow: which messages were taken lately, so that a repeated one is not taken again.
//
// A message is known by its application property _AMQ_DUPL_ID (a string; as ActiveMQ Artemis has it) or, where the
// queue asks for it, by its message-id. An identifier is forgotten after the window or when `most` newer ones came.
// A pure state machine. Thread safety: none. Memory: about 120 bytes and the identifier, each; those longer than
// longest_identifier are not remembered.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "bascule/broker/entries.hpp"
#include "bascule/broker/message.hpp"
#include "bascule/broker/queue_settings.hpp"

namespace bascule::broker {

class DedupWindow {
 public:
  static constexpr std::size_t longest_identifier = 1024;

  explicit DedupWindow(const DedupSettings& settings) : settings_(settings) {}

  bool enabled() const noexcept { return settings_.enabled(); }
  /// What the message is known by; empty: by nothing.
  std::string identifier(const Message& message) const;
  /// Where the message that was taken with this identifier is stored (0: it was not); null: there was none.
  const Lsn* find(const std::string& identifier, Time now);
  void add(std::string identifier, Lsn lsn, Time now);
  /// How long what is added now is remembered.
  std::chrono::milliseconds window() const noexcept {
    return settings_.window.count() > 0 ? settings_.window : DedupSettings::property_window;
  }
  /// After a restart, oldest first: it is remembered until then.
  void restore(std::string_view identifier, Time until);
  std::size_t size() const noexcept { return seen_.size(); }
  /// Calls visit(identifier, lsn, taken at) for all that are remembered, oldest first.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [at, identifier] : order_) visit(*identifier, seen_.at(*identifier), at);
  }

 private:
  void forget_old(Time now);

  const DedupSettings settings_;
  std::unordered_map<std::string, Lsn> seen_;
  struct Taken {
    Time at;
    const std::string* identifier;  // the map's key, which never moves
  };
  std::deque<Taken> order_;
};

}  // namespace bascule::broker
