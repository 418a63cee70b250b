// FrameGuard: looks at every inbound frame before the engine does, and refuses what the engine would mishandle.
//
// Proton 0.37 (all Debian releases ship it) dispatches AMQP performatives in SASL frames before authentication
// (CVE-2026-114230), asserts on a first transfer without delivery-id (PROTON-2853), walks a disposition range of four
// billion ids one by one, takes frames of any size, and expands zero-width arrays (CVE-2026-66079). The guard is a pure
// state machine over the byte stream: feed it each chunk before the engine gets it. It keeps at most one incomplete frame.
// Thread safety: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "bascule/amqp/encoding.hpp"
#include "bascule/amqp/flow_answers.hpp"

namespace bascule::amqp {

struct FrameLimits {
  std::uint32_t max_frame = 64 * 1024;       ///< of an AMQP frame: what our OPEN advertises
  std::uint32_t max_sasl_frame = 1024;       ///< nothing legitimate before authentication is larger
  std::uint32_t max_nodes = 1024;            ///< values in one performative
  std::uint32_t max_depth = 32;              ///< nesting in one performative
  std::uint32_t max_disposition = 1u << 20;  ///< ids one disposition may settle
  std::uint16_t channel_max = 15;
  std::uint32_t handle_max = 255;
};

/// Why a stream was refused: an AMQP error condition and a sentence. The condition is a literal.
struct GuardError {
  const char* condition = nullptr;
  std::string description;
  explicit operator bool() const noexcept { return condition != nullptr; }
};

class FrameGuard {
 public:
  explicit FrameGuard(FrameLimits limits = {}) : limits_(limits) {}

  /// Checks the next bytes of the stream. On an error the stream is over: close the connection, feed nothing more.
  GuardError check(std::string_view bytes);
  /// What it learns for, and from, answers to drains.
  FlowAnswers& flows() noexcept { return flows_; }

 private:
  enum class Phase : std::uint8_t { protocol_header, sasl, amqp };

  // Takes one whole frame or protocol header off the front of `bytes`; 0 when it is not whole yet.
  std::size_t take(std::string_view bytes, GuardError& error);
  std::size_t take_protocol_header(std::string_view bytes, GuardError& error);
  GuardError check_frame(std::string_view frame);
  GuardError check_performative(std::uint8_t code, std::uint16_t channel, Bytes fields);
  GuardError check_transfer(std::uint16_t channel, Bytes fields);

  FrameLimits limits_;
  FlowAnswers flows_;
  Phase phase_ = Phase::protocol_header;
  std::uint64_t offset_ = 0;  // of the stream, for the error's sentence
  std::string partial_;       // a frame whose end has not come yet
  // Links in the middle of a delivery: their next transfer needs no delivery-id. Key: channel << 32 | handle.
  std::unordered_set<std::uint64_t> more_;
};

}  // namespace bascule::amqp
