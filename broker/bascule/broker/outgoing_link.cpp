#include "bascule/broker/outgoing_link.hpp"

#include <proton/disposition.h>
#include <proton/session.h>

#include <array>
#include <optional>

#include "bascule/broker/dispositions.hpp"
#include "bascule/broker/receiver_outcome.hpp"
#include "bascule/broker/transaction_wire.hpp"

namespace bascule::broker {
namespace {

// A delivery's context holds position + 1, so that null means: none of ours any more.
void* to_context(Position at) noexcept { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(at + 1)); }

std::optional<Position> position_of(pn_delivery_t* delivery) noexcept {
  const auto context = reinterpret_cast<std::uintptr_t>(pn_delivery_get_context(delivery));
  if (context == 0) return {};
  return Position{context - 1};
}

}  // namespace

OutgoingLink::OutgoingLink(Shared& shared, amqp::Connection& connection, pn_link_t* link, Queue& queue,
                           Ownership ownership, const Reading& reading, Transactions& transactions)
    : Consumer(reading),
      shared_(shared),
      connection_(connection),
      link_(link),
      session_(pn_link_session(link)),
      queue_(&queue),
      ownership_(ownership),
      transactions_(transactions),
      presettled_(pn_link_snd_settle_mode(link) == PN_SND_SETTLED),
      browses_(reading.browses) {
  queue.attach(*this);
}

OutgoingLink::~OutgoingLink() {
  connection_.forget_echo(pn_link_name(link_));
  if (queue_ != nullptr) queue_->detach(*this);
}

bool OutgoingLink::holds_too_much() const noexcept {
  return pn_link_unsettled(link_) >= static_cast<int>(shared_.options.max_unsettled);
}

bool OutgoingLink::can_send() const noexcept {
  return !large_ && pn_link_credit(link_) > 0 && !holds_too_much() &&
         pn_session_outgoing_bytes(session_) < shared_.options.max_outgoing;
}

void OutgoingLink::on_flow(Time now) {
  if (queue_ == nullptr) return;
  if (large_) go_on_large();
  can_send() ? queue_->ready(*this, now) : queue_->not_ready(*this);
  // Credit that is left although there is room to write: the queue has nothing for this link now.
  if (pn_link_get_drain(link_) && can_send() && !queue_->looking(*this))
    drained_ += static_cast<std::uint32_t>(pn_link_drained(link_));
  if (connection_.take_empty_drain(pn_link_name(link_))) {
    connection_.answer_drain(pn_link_name(link_), static_cast<std::uint32_t>(next_tag_) + drained_);
  }
  if (connection_.take_echo(pn_link_name(link_))) {
    connection_.answer_echo(pn_link_name(link_), [this] { return state(); });
  }
  connection_.wake();
}

// For the answer to an echo; none while deliveries wait for the session's window: they would count as sent.
std::optional<amqp::LinkState> OutgoingLink::state() const {
  if (pn_session_outgoing_bytes(session_) > 0) return {};
  return amqp::LinkState{.delivery_count = static_cast<std::uint32_t>(next_tag_) + drained_,
                         .credit = static_cast<std::uint32_t>(pn_link_credit(link_)),
                         .available = static_cast<std::uint32_t>(queue_ == nullptr ? 0 : queue_->available()),
                         .drain = pn_link_get_drain(link_)};
}

bool OutgoingLink::deliver(Queue&, const Delivery& delivery) {
  std::array<char, 8> tag;
  std::size_t size = 0;
  for (std::uint64_t n = next_tag_++; size == 0 || n != 0; n >>= 8) tag[size++] = static_cast<char>(n & 0xff);
  pn_delivery_t* out = pn_delivery(link_, pn_dtag(tag.data(), size));
  const EncodedHeader header = encode(delivery.header);
  pn_link_send(link_, reinterpret_cast<const char*>(header.bytes.data()), header.size);
  const Bytes body = delivery.message->body();
  pn_link_send(link_, reinterpret_cast<const char*>(body.data()), body.size());
  ++shared_.counters.transfers_out;
  connection_.wake();
  if (delivery.message->tail() != nullptr) {
    begin_large(out, delivery.message, delivery.position);
    return false;
  }
  pn_link_advance(link_);
  finish_delivery(out, delivery.position);
  return can_send();
}

void OutgoingLink::finish_delivery(pn_delivery_t* delivery, Position position) {
  if (presettled_) {
    pn_delivery_settle(delivery);
    if (queue_ != nullptr && !browses_) queue_->settle(position, {}, this, {});
  } else {
    pn_delivery_set_context(delivery, to_context(position));
  }
}

void OutgoingLink::on_delivery(pn_delivery_t* delivery, Time now) {
  const auto position = position_of(delivery);
  if (!position) return;
  const auto state = pn_disposition_type(pn_delivery_remote(delivery));
  if (state == transactional_state_code) return decide_in_transaction(delivery, *position, now);
  const auto kind = outcome_kind(state, pn_delivery_settled(delivery));
  if (!kind) return;
  const bool held_too_much = holds_too_much();
  pn_delivery_set_context(delivery, nullptr);
  decide(delivery, *position, *kind, now);
  // A receiver that settles second waits to see its own outcome, and that we settled.
  if (!pn_delivery_settled(delivery)) pn_delivery_update(delivery, pn_disposition_type(pn_delivery_remote(delivery)));
  pn_delivery_settle(delivery);
  if (held_too_much) on_flow(now);
}

void OutgoingLink::decide(pn_delivery_t* delivery, Position position, Outcome::Kind kind, Time now) {
  if (queue_ == nullptr || browses_) return;
  if (kind == Outcome::Kind::accepted) return queue_->settle(position, {}, this, now);
  ReceiverOutcome said;
  read_outcome(pn_delivery_remote(delivery), kind, now, shared_.options.router.wall_ms(), said);
  queue_->settle(position, said.outcome, this, now);
}

// What is settled in a transaction stays acquired until that is discharged, whatever becomes of this link.
void OutgoingLink::decide_in_transaction(pn_delivery_t* delivery, Position position, Time now) {
  const auto bytes = encoded(pn_disposition_data(pn_delivery_remote(delivery)));
  const auto state = read_transactional_state(bytes);
  const auto kind = state ? outcome_kind(state->outcome, false) : std::nullopt;
  if (!kind) {
    return close_link(link_, {"amqp:decode-error", "a disposition's transactional-state has no outcome"});
  }
  const bool held_too_much = holds_too_much();
  pn_delivery_set_context(delivery, nullptr);
  if (queue_ != nullptr && !browses_) {
    ReceiverOutcome said;
    read_outcome(state->fields, *kind, now, shared_.options.router.wall_ms(), said);
    const auto error = transactions_.settle(state->id, pn_link_session(link_), *queue_, position, said.outcome);
    if (error.condition != nullptr) {
      queue_->settle(position, {.kind = Outcome::Kind::released}, this, now);
      return close_link(link_, {error.condition, error.description});
    }
  }
  if (!pn_delivery_settled(delivery)) set_transactional(delivery, state->id, state->outcome);
  pn_delivery_settle(delivery);
  if (held_too_much) on_flow(now);
}

void OutgoingLink::hold() {
  if (queue_ != nullptr) queue_->not_ready(*this);
}

void OutgoingLink::give_back(bool orderly, Time now) {
  if (queue_ == nullptr) return;
  queue_->not_ready(*this);
  if (large_) pn_delivery_set_context(large_->delivery, to_context(large_->position));
  large_ = nullptr;
  const bool attempted = !orderly || queue_->settings().rpc;
  for (pn_delivery_t* delivery = pn_unsettled_head(link_); delivery != nullptr;) {
    pn_delivery_t* next = pn_unsettled_next(delivery);
    if (const auto position = position_of(delivery)) {
      pn_delivery_set_context(delivery, nullptr);
      if (browses_) {
        // it never left the queue
      } else if (attempted) {
        queue_->lose(*position, now);
      } else {
        queue_->settle(*position, {.kind = Outcome::Kind::released}, this, now);
      }
    }
    pn_delivery_settle(delivery);
    delivery = next;
  }
}

void OutgoingLink::on_gone(bool orderly, bool closed, Time now) {
  give_back(orderly, now);
  if (queue_ == nullptr) return;
  Queue& queue = *std::exchange(queue_, nullptr);
  queue.detach(*this);
  const bool unsubscribes = ownership_ == Ownership::subscription && closed && queue.consumers() == 0;
  ownership_ == Ownership::node || unsubscribes ? shared_.router.remove(queue) : shared_.router.left(queue, now);
}

void OutgoingLink::queue_deleted() {
  const std::string address = queue_->address();
  queue_ = nullptr;
  close_link(link_, {"amqp:resource-deleted", "node '" + address + "' was deleted"});
  connection_.wake();
}

}  // namespace bascule::broker
