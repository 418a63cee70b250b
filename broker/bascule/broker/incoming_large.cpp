// A message that is too large to be kept in memory: what comes behind its first large_message bytes goes to a file as
// it arrives. The link waits for the file; what is behind the message waits for the link.
#include <proton/session.h>

#include <algorithm>
#include <array>

#include "bascule/broker/incoming_link.hpp"

namespace bascule::broker {
namespace {

constexpr std::size_t part = 64U << 10;

}  // namespace

bool IncomingLink::is_large(std::size_t pending) {
  if (large_) return true;
  if (builder_.size() + pending <= shared_.options.large_message) return false;
  large_ = shared_.storage.new_body();
  if (!large_) return false;
  large_->on_room = [this] {
    pause(false);
    if (pn_delivery_t* delivery = pn_link_current(link_)) on_delivery(delivery);
    connection_.wake();
  };
  return true;
}

// As much as the file takes now; false when some is left, for which on_room comes back.
bool IncomingLink::receive_large() {
  for (std::size_t left = 0; builder_.size() < shared_.options.large_message;) {
    left = std::min<std::size_t>(part, shared_.options.large_message - builder_.size());
    const ssize_t received = pn_link_recv(link_, reinterpret_cast<char*>(builder_.prepare(left)), left);
    if (received <= 0) return true;
    builder_.commit(static_cast<std::size_t>(received));
  }
  std::array<char, part> bytes;
  while (!large_->full()) {
    const ssize_t received = pn_link_recv(link_, bytes.data(), bytes.size());
    if (received <= 0) return true;
    large_->append({reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<std::size_t>(received)});
  }
  pause(true);
  return false;
}

// Until the file has taken what is there; the window is in messages, so it would let in too much.
void IncomingLink::pause(bool wanted) {
  if (std::exchange(paused_, wanted) != wanted) connection_.pause_reading(wanted);
}

// All of it has arrived.
void IncomingLink::finish_large(pn_delivery_t* delivery) {
  finishing_ = true;
  const std::shared_ptr<BodyWriter> body = large_;
  const MessageRef message = builder_.finish(Clock::now());
  const bool on_medium = message && message->durable();
  // A body that nobody needs: what the writer made goes with it.
  if (!message) return finished_large(delivery, message, true);
  body->finish(on_medium, [this, delivery, message, alive = std::weak_ptr<bool>(alive_)](SideBody* tail) {
    message->set_tail(tail);  // which goes with the message when the link is gone
    if (!alive.expired()) finished_large(delivery, message, tail != nullptr);
  });
}

void IncomingLink::finished_large(pn_delivery_t* delivery, const MessageRef& message, bool written) {
  finishing_ = false;
  large_ = nullptr;
  pause(false);
  if (!ended_) {
    complete(delivery, message, written, Clock::now());
  }
  connection_.wake();
  // What came meanwhile.
  for (pn_delivery_t* next = pn_link_current(link_); next != nullptr && !finishing_;) {
    on_delivery(next);
    pn_delivery_t* const after = pn_link_current(link_);
    if (after == next) break;
    next = after;
  }
}

}  // namespace bascule::broker
