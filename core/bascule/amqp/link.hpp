// The private side of amqp::Client: what its senders and receivers share.
#pragma once

#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/session.h>

#include <deque>
#include <memory>
#include <string>

#include "bascule/amqp/client.hpp"
#include "bascule/amqp/connection.hpp"

namespace bascule::amqp {

/// One link as the client sees it. Its Proton link exists only while there is a connection.
class Link {
 public:
  virtual ~Link() = default;
  /// Makes the Proton link on a session of the connection that is up.
  virtual void attach(pn_session_t* session) = 0;
  /// The connection is gone, or the link was detached: forget every engine object.
  virtual void lost(std::string_view reason) = 0;
  virtual void on_remote_open() = 0;
  virtual void on_flow() {}
  virtual void on_delivery(pn_delivery_t* /*delivery*/) {}

  pn_link_t* link = nullptr;
  Connection* connection = nullptr;  ///< while the Proton link exists
  bool attached = false, closed = false, retry = false;
  std::string refusal;

 protected:
  void wake() const {
    if (connection != nullptr) connection->wake();
  }
};

struct Sender::State final : Link {
  explicit State(SenderOptions o, std::string n) : options(std::move(o)), name(std::move(n)) {}
  void attach(pn_session_t* session) override;
  void lost(std::string_view reason) override;
  void on_remote_open() override;
  void on_flow() override { flush(); }
  void on_delivery(pn_delivery_t* delivery) override;
  bool send(std::string_view encoded, OutcomeHandler handler);
  void flush();
  bool may_transmit() const;
  void transmit(std::string_view encoded, OutcomeHandler handler);

  struct Queued {
    std::string encoded;
    OutcomeHandler handler;
  };
  SenderOptions options;
  std::string name;
  std::deque<Queued> queue;
  std::size_t queued_bytes = 0;
  std::uint64_t next_tag = 0;
};

struct Receiver::State final : Link {
  State(ReceiverOptions o, std::string n, Handler h, std::function<void(bool)> on_change)
      : options(std::move(o)), name(std::move(n)), handler(std::move(h)), changed(std::move(on_change)) {}
  void attach(pn_session_t* session) override;
  void lost(std::string_view reason) override;
  void on_remote_open() override;
  void on_delivery(pn_delivery_t* delivery) override;
  void settle(DeliveryRef ref, std::uint64_t state);
  void top_up();
  bool current(DeliveryRef ref) const { return ref.epoch == epoch && ref.delivery != nullptr && link != nullptr; }

  ReceiverOptions options;
  std::string name;
  Handler handler;
  std::function<void(bool)> changed;
  std::string address;
  std::string partial;  // a delivery of several transfers, until its end came
  std::string whole;    // where a delivery is read to; kept for its memory
  std::uint64_t epoch = 0;
  std::uint32_t in_hand = 0;
};

}  // namespace bascule::amqp
