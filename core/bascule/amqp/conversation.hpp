// Conversation: what a peer may say next on an AMQP connection: OPEN first and once, BEGIN before ATTACH, ATTACH before
// TRANSFER, nothing after CLOSE; and the mandatory fields that the engine takes for granted.
//
// Proton 0.37 takes performatives in any phase (PROTON-2945), asserts on a first transfer without delivery-id (PROTON-2853),
// does not look at handle-max (PROTON-2535) and walks a disposition's range id by id. This follows the peer's own handles and
// channels, which only the peer's frames change. A pure state machine; memory: a byte for each handle of a session.
// Thread safety: none of its own. Source: AMQP 1.0 part 2, sections 2.4 to 2.7.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bascule/amqp/reader.hpp"

namespace bascule::amqp {

struct FrameLimits {
  std::uint32_t max_frame = 64 * 1024;       ///< of an AMQP frame: what our OPEN advertises
  std::uint32_t max_sasl_frame = 1024;       ///< nothing legitimate before authentication is larger
  std::uint32_t max_nodes = 1024;            ///< values in one performative
  std::uint32_t max_depth = 32;              ///< nesting in one performative
  std::uint32_t max_disposition = 1u << 20;  ///< ids one disposition may settle
  std::uint32_t max_name = 1024;             ///< bytes of a link's name or a container's id
  std::uint32_t min_idle_timeout = 50;       ///< milliseconds: a peer that wants to hear more often is refused
  std::uint16_t channel_max = 15;
  std::uint32_t handle_max = 255;
};

/// Why a stream was refused: an AMQP error condition and a sentence. The condition is a literal.
struct GuardError {
  const char* condition = nullptr;
  std::string description;
  explicit operator bool() const noexcept { return condition != nullptr; }
};

class Conversation {
 public:
  explicit Conversation(const FrameLimits& limits) : limits_(limits) {}
  /// Takes the next performative: its descriptor's code and its list, both known to be well formed.
  GuardError take(std::uint8_t code, std::uint16_t channel, const Reader::Compound& list);
  /// Was the TRANSFER taken last the first of its delivery?
  bool begins_delivery() const noexcept { return begins_; }

 private:
  enum : std::uint8_t { free = 0, sender = 1, receiver = 2, in_delivery = 4 };  // of a handle
  struct Session {
    bool begun = false;
    std::vector<std::uint8_t> handles;
  };

  GuardError open(Reader fields);
  GuardError begin(Session& session);
  GuardError attach(Session& session, Reader fields, std::uint32_t count);
  GuardError flow(const Session& session, Reader fields, std::uint32_t count) const;
  GuardError transfer(Session& session, Reader fields);
  GuardError disposition(Reader fields, std::uint32_t count) const;
  GuardError detach(Session& session, Reader fields);
  std::uint8_t* attached(Session& session, std::optional<std::uint64_t> handle) const noexcept;

  const FrameLimits limits_;
  bool opened_ = false, closed_ = false, begins_ = false;
  std::vector<Session> sessions_;  // by channel
};

}  // namespace bascule::amqp
