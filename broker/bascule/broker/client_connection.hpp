// ClientConnection: one client of the broker: its sessions and links, from the engine's events to queues and
// topics.
//
// Links attach here: which node, whether it may be, what it becomes. The data path goes from the engine's
// event straight to the link by its context; nothing is looked up. Bounds: max_links; a peer that has not
// opened by the handshake time-out is cut. Thread safety: the broker's loop only. Lifetime: owned by the
// Broker, which deletes it from on_closed.
#pragma once

#include <proton/event.h>
#include <proton/types.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <variant>

#include "bascule/amqp/connection.hpp"
#include "bascule/amqp/sasl_server.hpp"
#include "bascule/broker/access.hpp"
#include "bascule/broker/coordinator_link.hpp"
#include "bascule/broker/filters.hpp"
#include "bascule/broker/incoming_link.hpp"
#include "bascule/broker/outgoing_link.hpp"

namespace bascule::broker {

class ClientConnection final : public amqp::EventHandler {
 public:
  using Gone = std::function<void(ClientConnection&)>;
  /// `login` null: nobody is asked.
  ClientConnection(Shared& shared, Loop& loop, std::unique_ptr<amqp::Stream> stream,
                   std::shared_ptr<amqp::SaslServer> login, Gone gone);
  ~ClientConnection();

  void start() { connection_->start(); }
  /// Orderly end: CLOSE with a condition.
  void close(const char* condition, std::string_view description) { connection_->close(condition, description); }
  /// At once: the peer goes within the turn.
  void abort(std::string_view reason) { connection_->abort(reason); }
  /// Cuts a peer that has not opened yet and came before `latest`.
  void check_handshake(Time latest);
  /// Rolls back transactions that have lasted too long.
  void check_transactions(Time now) {
    if (transactions_.open() > 0) transactions_.sweep(now);
  }
  const std::string& peer() const noexcept { return connection_->stream().peer(); }
  /// Users or rules changed: ends what is no longer allowed.
  void check_permissions();
  /// Cuts a peer whose certificate has ended.
  void check_certificate_age(std::chrono::system_clock::time_point now);
  /// Looks at the peer's certificate by these authorities, unless it was before; cuts it when they do not vouch for it.
  /// False: there was nothing to look at.
  bool check_certificate(amqp::TlsContext& authorities, std::uint64_t generation);

  void on_event(amqp::Connection& connection, pn_event_t* event) override;
  void on_closed(amqp::Connection& connection, std::string_view reason) override;

 private:
  using Link =
      std::variant<std::unique_ptr<IncomingLink>, std::unique_ptr<OutgoingLink>, std::unique_ptr<CoordinatorLink>>;

  void on_connection_open(pn_connection_t* connection);
  void on_session_open(pn_session_t* session);
  void on_session_end(pn_session_t* session);
  void on_link_open(pn_link_t* link);
  void on_link_gone(pn_link_t* link, bool closed);
  void on_delivery(pn_delivery_t* delivery);
  void on_flow(pn_link_t* link);

  LinkError attach_producer(pn_link_t* link);
  LinkError attach_consumer(pn_link_t* link);
  LinkError attach_dynamic_consumer(pn_link_t* link, const Filters& filters);
  LinkError attach_subscription(pn_link_t* link, const std::string& address, const Filters& filters);
  LinkError look_up_subscription(pn_link_t* link);
  bool may_use(const Queue& subscription) const;
  void remember_terminus(pn_link_t* link, const OutgoingLink& consumer);
  void end_termini(pn_session_t* session);
  void open_producer(pn_link_t* link, Node* node, bool owns_node, const char* dynamic_address);
  LinkError open_consumer(pn_link_t* link, Queue& queue, Ownership ownership, const Filters& filters,
                          bool filtered = false);
  void drop(pn_link_t* link, bool orderly, bool closed);
  bool admit();
  bool take_container(pn_connection_t* connection);
  LinkError denied(Operation operation, std::string_view address) const;
  LinkError may_reach(Operation operation, std::string_view address) const;
  LinkError may_still(pn_link_t* link) const;
  LinkError not_owner(std::string_view address) const;
  void drop_topic(pn_link_t* link);
  void drop_all(bool orderly);
  void hold(pn_session_t* session);
  void open_coordinator(pn_link_t* link);
  std::string subscription_name(pn_link_t* link, bool shared, bool global) const;
  void cut(const std::string& why);
  bool owns(const Node& node) const noexcept { return own_nodes_.contains(&node); }

  Shared& shared_;
  Gone gone_;
  std::shared_ptr<amqp::Connection> connection_;
  const Time since_;
  bool opened_ = false, cut_ = false;
  std::shared_ptr<amqp::SaslServer> login_;
  std::unique_ptr<Permissions> permissions_;  // null: everything is allowed
  std::uint64_t vouched_ = 0;                 // generation of the authorities that its certificate was last seen by
  std::uint64_t unfinished_ = 0;              // bytes of messages whose end has not come
  std::vector<Tally::Place> places_;          // among the connections of its address and user
  Transactions transactions_;
  std::unordered_map<pn_link_t*, Link> links_;              // ownership only; events find links by context
  std::unordered_map<const Node*, pn_link_t*> own_nodes_;   // dynamic nodes of this connection
  std::unordered_map<std::string, pn_session_t*> termini_;  // subscriptions that wait for the end of a session or this
  std::unordered_map<pn_link_t*, std::string> own_topics_;  // those of them that were made for a receiver
};

}  // namespace bascule::broker
