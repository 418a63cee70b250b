// Relay: the anonymous relay on a broker that has none: a sender for each address that messages are sent to.
//
// Bounds: at most `most` senders; the one unused longest is closed for another. What it still had to send is then dropped, as
// with a lost connection.
// Lifetime: of its sender's attachment. Thread safety: the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "bascule/amqp/client.hpp"

namespace bascule::amqp {

class Relay {
 public:
  using Open = std::function<Sender(SenderOptions)>;
  static constexpr std::size_t most = 256;

  Relay(Open open, SenderOptions like) : open_(std::move(open)), like_(std::move(like)) {}
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// As Sender::send(), to where the message's `to` says; false without one.
  bool send(std::string_view encoded, OutcomeHandler handler);

 private:
  struct Way {
    Sender sender;
    std::uint64_t used = 0;
  };
  Way& way_to(const std::string& address);

  Open open_;
  SenderOptions like_;
  std::unordered_map<std::string, Way> ways_;
  std::uint64_t uses_ = 0;
};

}  // namespace bascule::amqp
