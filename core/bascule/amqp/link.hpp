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
#include "bascule/amqp/relay.hpp"
#include "bascule/profile/profile.hpp"

namespace bascule::amqp {

/// One link as the client sees it. Its Proton link exists only while there is a connection.
class Link {
 public:
  virtual ~Link() = default;
  /// What it is, in the words that a profile understands.
  virtual profile::Wish wish() const { return {}; }
  virtual bool sends() const = 0;
  /// Makes the Proton link on a session of the connection that is up.
  virtual void attach(pn_session_t* session) = 0;
  /// The connection is gone, or the link was detached: forget every engine object.
  virtual void lost(std::string_view reason) = 0;
  virtual void on_remote_open() = 0;
  virtual void on_flow() {}
  virtual void on_delivery(pn_delivery_t* /*delivery*/) {}

  pn_link_t* link = nullptr;
  Connection* connection = nullptr;           ///< while the Proton link exists
  const profile::Profile* profile = nullptr;  ///< while the plan is good
  profile::Plan plan;                         ///< how it is attached here, made anew for each attachment
  bool attached = false, closed = false, retry = false;
  Deadline answer_by;           ///< of the broker, to an attach or to what is declared for it; never: nothing is asked
  std::uint64_t preparing = 0;  ///< the attachment for which what it needs is being declared; 0: none
  std::string refusal;

  void wake() const {
    if (connection != nullptr) connection->wake();
  }
};

struct Sender::State final : Link {
  explicit State(SenderOptions o, std::string n) : options(std::move(o)), name(std::move(n)) {}
  profile::Wish wish() const override;
  bool sends() const override { return true; }
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
  std::function<Sender(SenderOptions)> open;  ///< another sender of the same client
  std::unique_ptr<Relay> relay;               ///< where the broker has none
  std::size_t queued_bytes = 0;
  std::uint64_t next_tag = 0;
};

struct Receiver::State final : Link {
  State(ReceiverOptions o, std::string n, Handler h, std::function<void(bool)> on_change)
      : options(std::move(o)), name(std::move(n)), handler(std::move(h)), changed(std::move(on_change)) {}
  profile::Wish wish() const override;
  bool sends() const override { return false; }
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
