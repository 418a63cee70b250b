#include "bascule/broker/outgoing_link.hpp"

#include <proton/condition.h>
#include <proton/disposition.h>
#include <proton/session.h>

#include <array>
#include <optional>

namespace bascule::broker {
namespace {

// A delivery's context holds position + 1, so that null means: none of ours any more.
void* to_context(Position at) noexcept { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(at + 1)); }

std::optional<Position> position_of(pn_delivery_t* delivery) noexcept {
  const auto context = reinterpret_cast<std::uintptr_t>(pn_delivery_get_context(delivery));
  if (context == 0) return {};
  return Position{context - 1};
}

std::string_view text(const char* text) noexcept { return text == nullptr ? std::string_view{} : text; }

/// None while the receiver has not decided (it is still receiving, or said nothing).
std::optional<Outcome> outcome_of(pn_delivery_t* delivery) noexcept {
  pn_disposition_t* remote = pn_delivery_remote(delivery);
  switch (pn_disposition_type(remote)) {
    case PN_ACCEPTED: return Outcome{};
    case PN_RELEASED: return Outcome{.kind = Outcome::Kind::released};
    case PN_MODIFIED:
      return Outcome{.kind = Outcome::Kind::modified,
                     .delivery_failed = pn_disposition_is_failed(remote),
                     .undeliverable_here = pn_disposition_is_undeliverable(remote)};
    case PN_REJECTED: {
      pn_condition_t* error = pn_disposition_condition(remote);
      return Outcome{.kind = Outcome::Kind::rejected,
                     .condition = text(pn_condition_get_name(error)),
                     .description = text(pn_condition_get_description(error))};
    }
    default:
      // Settled without an outcome: nobody claims to have processed it.
      if (pn_delivery_settled(delivery)) return Outcome{.kind = Outcome::Kind::released};
      return {};
  }
}

}  // namespace

OutgoingLink::OutgoingLink(Shared& shared, amqp::Connection& connection, pn_link_t* link, Queue& queue,
                           Ownership ownership)
    : shared_(shared),
      connection_(connection),
      link_(link),
      session_(pn_link_session(link)),
      queue_(&queue),
      ownership_(ownership),
      presettled_(pn_link_snd_settle_mode(link) == PN_SND_SETTLED) {
  queue.attach(*this);
}

OutgoingLink::~OutgoingLink() {
  if (queue_ != nullptr) queue_->detach(*this);
}

bool OutgoingLink::holds_too_much() const noexcept {
  return pn_link_unsettled(link_) >= static_cast<int>(shared_.options.max_unsettled);
}

bool OutgoingLink::can_send() const noexcept {
  return pn_link_credit(link_) > 0 && !holds_too_much() &&
         pn_session_outgoing_bytes(session_) < shared_.options.max_outgoing;
}

void OutgoingLink::on_flow(Time now) {
  if (queue_ == nullptr) return;
  can_send() ? queue_->ready(*this, now) : queue_->not_ready(*this);
  // Credit that is left although there is room to write: the queue has nothing for this link now.
  if (pn_link_get_drain(link_) && can_send()) drained_ += static_cast<std::uint32_t>(pn_link_drained(link_));
  if (connection_.take_empty_drain(pn_link_name(link_))) {
    connection_.answer_drain(pn_link_name(link_), static_cast<std::uint32_t>(next_tag_) + drained_);
  }
  connection_.wake();
}

bool OutgoingLink::deliver(Queue& queue, const Delivery& delivery) {
  std::array<char, 8> tag;
  std::size_t size = 0;
  for (std::uint64_t n = next_tag_++; size == 0 || n != 0; n >>= 8) tag[size++] = static_cast<char>(n & 0xff);
  pn_delivery_t* out = pn_delivery(link_, pn_dtag(tag.data(), size));
  const EncodedHeader header = encode(delivery.header);
  pn_link_send(link_, reinterpret_cast<const char*>(header.bytes.data()), header.size);
  const Bytes body = delivery.message->body();
  pn_link_send(link_, reinterpret_cast<const char*>(body.data()), body.size());
  pn_link_advance(link_);
  if (presettled_) {
    pn_delivery_settle(out);
    queue.settle(delivery.position, {}, this, {});
  } else {
    pn_delivery_set_context(out, to_context(delivery.position));
  }
  ++shared_.counters.transfers_out;
  connection_.wake();
  return can_send();
}

void OutgoingLink::on_delivery(pn_delivery_t* delivery, Time now) {
  const auto position = position_of(delivery);
  if (!position) return;
  const auto outcome = outcome_of(delivery);
  if (!outcome) return;
  const bool held_too_much = holds_too_much();
  pn_delivery_set_context(delivery, nullptr);
  if (queue_ != nullptr) queue_->settle(*position, *outcome, this, now);
  // A receiver that settles second waits to see its own outcome.
  if (!pn_delivery_settled(delivery)) pn_delivery_update(delivery, pn_disposition_type(pn_delivery_remote(delivery)));
  pn_delivery_settle(delivery);
  if (held_too_much) on_flow(now);
}

void OutgoingLink::give_back(bool orderly, Time now) {
  if (queue_ == nullptr) return;
  queue_->not_ready(*this);
  const bool attempted = !orderly || queue_->settings().rpc;
  for (pn_delivery_t* delivery = pn_unsettled_head(link_); delivery != nullptr;) {
    pn_delivery_t* next = pn_unsettled_next(delivery);
    if (const auto position = position_of(delivery)) {
      pn_delivery_set_context(delivery, nullptr);
      if (attempted) {
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
  ownership_ == Ownership::node || unsubscribes ? shared_.router.remove(queue) : shared_.router.left(queue);
}

void OutgoingLink::queue_deleted() {
  const std::string address = queue_->address();
  queue_ = nullptr;
  close_link(link_, {"amqp:resource-deleted", "node '" + address + "' was deleted"});
  connection_.wake();
}

}  // namespace bascule::broker
