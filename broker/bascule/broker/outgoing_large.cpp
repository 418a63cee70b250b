// A message whose end is in a file: it is sent as the file is read, a part at a time, as there is room to write.
// Nothing else is sent on the link meanwhile.
#include <proton/session.h>

#include "bascule/broker/outgoing_link.hpp"

namespace bascule::broker {
namespace {

constexpr std::uint64_t blocks_at_once = 4;

}  // namespace

void OutgoingLink::begin_large(pn_delivery_t* delivery, const MessageRef& message, Position position) {
  large_ = std::make_unique<Large>(Large{delivery, message, position});
  go_on_large();
}

void OutgoingLink::go_on_large() {
  if (!large_ || large_->reading || pn_session_outgoing_bytes(session_) >= shared_.options.max_outgoing) return;
  const SideBody& body = *large_->message->tail();
  if (large_->block * body_block >= body.size()) return end_large();
  large_->reading = true;
  shared_.storage.read_body(body, large_->block, blocks_at_once,
                            [this, alive = std::weak_ptr<bool>(alive_)](Bytes bytes, const std::string& why) {
                              if (!alive.expired()) send_part(bytes, why);
                            });
}

void OutgoingLink::send_part(Bytes bytes, const std::string& why) {
  if (!large_) return;
  large_->reading = false;
  if (!why.empty()) {
    // What was sent cannot be taken back; it is called off, and the queue stops.
    const auto failed = std::exchange(large_, nullptr);
    pn_delivery_abort(failed->delivery);
    if (queue_ != nullptr) {
      queue_->stop(why);
      if (!browses_) queue_->settle(failed->position, {.kind = Outcome::Kind::released}, this, Clock::now());
    }
    close_link(link_, {"amqp:internal-error", why});
    return connection_.wake();
  }
  pn_link_send(link_, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  large_->block += blocks_at_once;
  connection_.wake();
  go_on_large();
}

void OutgoingLink::end_large() {
  const auto sent = std::exchange(large_, nullptr);
  pn_link_advance(link_);
  finish_delivery(sent->delivery, sent->position);
  if (queue_ != nullptr && can_send()) queue_->ready(*this, Clock::now());
  connection_.wake();
}

}  // namespace bascule::broker
