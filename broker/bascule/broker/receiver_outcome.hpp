// ReceiverOutcome: what a receiver said about a delivery.
//
// Of `modified`, the message annotations x-opt-delivery-time, x-opt-scheduled-enqueue-time (when) and
// x-opt-delivery-delay (how long from now) say when the message is to be handed out again, and x-opt-delivery-error
// (a string) what failed; these stay out of the message, all others join it.
#pragma once

#include <proton/disposition.h>

#include <optional>
#include <string>
#include <vector>

#include "bascule/broker/annotate.hpp"
#include "bascule/broker/consumer.hpp"

namespace bascule::broker {

/// `outcome` points into the other members: it does not move.
struct ReceiverOutcome {
  ReceiverOutcome() = default;
  ReceiverOutcome(const ReceiverOutcome&) = delete;
  ReceiverOutcome& operator=(const ReceiverOutcome&) = delete;

  Outcome outcome = {};
  std::string condition = {}, description = {};
  Annotations annotations = {};
};

/// None while the receiver has not decided (it is still receiving, or said nothing); settled without an outcome is
/// released: nobody claims to have processed it.
std::optional<Outcome::Kind> outcome_kind(std::uint64_t state, bool settled) noexcept;
/// The outcome as the engine decoded it.
void read_outcome(pn_disposition_t* disposition, Outcome::Kind kind, Time now, std::int64_t wall_now,
                  ReceiverOutcome& into);
/// The outcome inside a transactional state: the fields of its list (AMQP 1.0, 3.4).
void read_outcome(Bytes fields, Outcome::Kind kind, Time now, std::int64_t wall_now, ReceiverOutcome& into);

/// What the engine keeps of a value, encoded.
std::vector<std::uint8_t> encoded(pn_data_t* data);

}  // namespace bascule::broker
