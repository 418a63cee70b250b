// FrameGuard: looks at every inbound frame before the engine does, and refuses what the engine would mishandle.
//
// Proton 0.37 (all Debian releases ship it) dispatches AMQP performatives in SASL frames before authentication
// (CVE-2026-114230), takes frames of any size, and expands zero-width arrays (CVE-2026-66079); what it does with frames out
// of turn is in conversation.hpp. The guard is a pure state machine over the byte stream: feed it each chunk before the
// engine gets it. It keeps at most one incomplete frame.
// Thread safety: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bascule/amqp/conversation.hpp"
#include "bascule/amqp/flow_answers.hpp"

namespace bascule::amqp {

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
  GuardError check_header(std::string_view header, std::size_t size) const;
  GuardError check_frame(std::string_view frame);
  GuardError located(GuardError error) const;

  FrameLimits limits_;
  FlowAnswers flows_;
  Phase phase_ = Phase::protocol_header;
  std::uint64_t offset_ = 0;  // of the stream, for the error's sentence
  std::string partial_;       // a frame whose end has not come yet
  Conversation conversation_{limits_};
};

}  // namespace bascule::amqp
