// OutgoingLink: a client's receiver as the broker sees it: deliveries out, outcomes in.
//
// It is ready while it has credit and its session has less than max_outgoing bytes to write. A message's body
// goes out as it came in, behind a header written for this delivery. A delivery's context is its position in
// the queue. Thread safety: the broker's loop only. Lifetime: owned by its ClientConnection.
#pragma once

#include <proton/delivery.h>
#include <proton/link.h>

#include <memory>

#include "bascule/amqp/connection.hpp"
#include "bascule/amqp/flow_answers.hpp"
#include "bascule/broker/shared.hpp"
#include "bascule/broker/terminus.hpp"

namespace bascule::broker {

/// What becomes of a queue when the link that reads from it goes.
enum class Ownership : std::uint8_t {
  shared,        ///< nothing, or what Router::left decides
  node,          ///< it was made for this link (dynamic)
  subscription,  ///< a durable subscription: kept on detach, deleted on close
};

class OutgoingLink final : public Consumer {
 public:
  OutgoingLink(Shared& shared, amqp::Connection& connection, pn_link_t* link, Queue& queue, Ownership ownership,
               const Reading& reading, Transactions& transactions);
  ~OutgoingLink();

  /// Credit came, room was made, or drain was asked for.
  void on_flow(Time now);
  /// The receiver settled or said what became of a delivery.
  void on_delivery(pn_delivery_t* delivery, Time now);
  /// Its connection is going, and nothing more is to be handed to it.
  void hold();
  /// The receiver is going. Orderly: what it holds was not attempted (but a lost request is a lost request).
  void on_gone(bool orderly, bool closed, Time now);

  /// Null once it was deleted.
  const Queue* queue() const noexcept { return queue_; }

  bool deliver(Queue& queue, const Delivery& delivery) override;
  void queue_deleted() override;
  void looked_through(Time now) override { on_flow(now); }

 private:
  bool can_send() const noexcept;
  std::optional<amqp::LinkState> state() const;
  bool holds_too_much() const noexcept;
  void decide(pn_delivery_t* delivery, Position position, Outcome::Kind kind, Time now);
  void decide_in_transaction(pn_delivery_t* delivery, Position position, Time now);
  void give_back(bool orderly, Time now);
  void finish_delivery(pn_delivery_t* delivery, Position position);
  void begin_large(pn_delivery_t* delivery, const MessageRef& message, Position position);
  void go_on_large();
  void send_part(Bytes bytes, const std::string& why);
  void end_large();

  Shared& shared_;
  amqp::Connection& connection_;
  pn_link_t* const link_;
  pn_session_t* const session_;
  Queue* queue_;
  const Ownership ownership_;
  Transactions& transactions_;
  const bool presettled_;
  const bool browses_;
  std::uint64_t next_tag_ = 0;  // also: how many deliveries there were
  std::uint32_t drained_ = 0;   // credit given back unused
  struct Large {
    pn_delivery_t* delivery;
    MessageRef message;
    Position position;
    std::uint64_t block = 0;
    bool reading = false;
  };
  std::unique_ptr<Large> large_;  // the message that is being sent in parts
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace bascule::broker
