// IncomingLink: a client's sender as the broker sees it: transfers in, credit and outcomes out.
//
// Credit is granted as far as the node has room, in a window by bytes, topped up at half. An accepted outcome
// is sent once the storage says that the message is durable; outcomes go out in the order of the deliveries,
// so that they coalesce into ranges. Bounds: max_message_size, credit, unconfirmed deliveries. Thread safety:
// the broker's loop only. Lifetime: owned by its ClientConnection.
#pragma once

#include <proton/delivery.h>
#include <proton/link.h>

#include <deque>
#include <memory>

#include "bascule/amqp/connection.hpp"
#include "bascule/broker/access.hpp"
#include "bascule/broker/shared.hpp"
#include "bascule/broker/terminus.hpp"
#include "bascule/broker/transfer_receiver.hpp"

namespace bascule::broker {

class Management;

class IncomingLink final : public Producer, public TransferReceiver {
 public:
  /// `node` null: the anonymous relay, which routes each message by its `to`.
  /// `unfinished`: bytes of all the connection's messages whose end has not come.
  IncomingLink(Shared& shared, amqp::Connection& connection, pn_link_t* link, Node* node, bool owns_node,
               Transactions& transactions, std::uint64_t& unfinished);
  ~IncomingLink() override;

  void on_delivery(pn_delivery_t* delivery) override;
  void confirm(Lsn lsn) override;
  bool unconfirmed() const noexcept override { return !waiting_.empty(); }
  Node* node() const noexcept { return node_; }

  /// What this link's messages must keep to; null: nothing. Must outlive the link.
  void restrict_to(Permissions* permissions) noexcept { permissions_ = permissions; }
  /// Detaches with an error.
  void end(const LinkError& error);

  void room_made() override;
  void node_deleted() override;

 private:
  struct Waiting {
    pn_delivery_t* delivery;
    Lsn lsn;
  };

  bool receive(pn_delivery_t* delivery);
  void hold();
  void let_go() noexcept;
  void complete(pn_delivery_t* delivery, MessageRef message, bool written, Time now);
  bool is_large(std::size_t pending);
  bool receive_large();
  void pause(bool wanted);
  void finish_large(pn_delivery_t* delivery);
  void finished_large(pn_delivery_t* delivery, const MessageRef& message, bool written);
  void publish(pn_delivery_t* delivery, MessageRef message, Time now);
  void schedule(Message& message, Time now) const;
  void send_in_transaction(pn_delivery_t* delivery, Node& node, MessageRef message);
  void accept(pn_delivery_t* delivery, Lsn lsn);
  void conclude(pn_delivery_t* delivery);
  bool reachable(Node& node);
  bool permitted(pn_delivery_t* delivery, const Message& message, const Node& node);
  void ask(pn_delivery_t* delivery, Management& service, const MessageRef& request, Time now);
  void deny(pn_delivery_t* delivery, const std::string& why);
  void discard(pn_delivery_t* delivery);
  void top_up();
  std::uint32_t window() const noexcept;

  Shared& shared_;
  amqp::Connection& connection_;
  pn_link_t* const link_;
  Node* node_;
  Transactions& transactions_;
  const Origin origin_;
  const bool settles_second_;  // its sender settles first, and then this side
  Permissions* permissions_ = nullptr;
  const bool anonymous_;
  const bool owns_node_;  // a dynamic node lives as long as the link that made it
  bool ended_ = false;
  MessageBuilder builder_;
  std::shared_ptr<BodyWriter> large_;  // where the rest of a large message goes
  bool paused_ = false;                // the connection reads nothing until the file has room
  bool finishing_ = false;             // its file is being flushed
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::uint64_t discarded_ = 0;
  std::uint64_t& unfinished_;
  std::uint64_t held_ = 0;  // of them, this link's
  std::uint32_t usual_size_ = 512;
  std::deque<Waiting> waiting_;
};

}  // namespace bascule::broker
