#include "bascule/broker/incoming_link.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/disposition.h>
#include <proton/session.h>

#include <algorithm>

#include "bascule/broker/annotate.hpp"
#include "bascule/broker/dispositions.hpp"
#include "bascule/broker/management.hpp"
#include "bascule/broker/properties.hpp"
#include "bascule/broker/receiver_outcome.hpp"
#include "bascule/broker/transaction_wire.hpp"

namespace bascule::broker {
namespace {

std::string_view container_of(amqp::Connection& connection) noexcept {
  const char* const id = pn_connection_remote_container(connection.engine());
  return id == nullptr ? std::string_view{} : id;
}

}  // namespace

IncomingLink::IncomingLink(Shared& shared, amqp::Connection& connection, pn_link_t* link, Node* node, bool owns_node,
                           Transactions& transactions, std::uint64_t& unfinished)
    : shared_(shared),
      connection_(connection),
      link_(link),
      node_(node),
      transactions_(transactions),
      origin_(origin_of(container_of(connection))),
      settles_second_(pn_link_rcv_settle_mode(link) == PN_RCV_SECOND),
      anonymous_(node == nullptr),
      owns_node_(owns_node),
      unfinished_(unfinished) {
  if (node_ != nullptr) node_->attach(*this);
  top_up();
}

IncomingLink::~IncomingLink() {
  let_go();
  pause(false);
  if (unconfirmed()) std::erase(shared_.unconfirmed, this);
  if (node_ == nullptr) return;
  node_->detach(*this);
  owns_node_ ? shared_.router.remove(*node_) : shared_.router.left(*node_);
}

// How many messages may be on their way: as many as credit_bytes holds of the size this producer usually
// sends.
std::uint32_t IncomingLink::window() const noexcept {
  const auto most = std::max(shared_.options.max_credit, 1U);
  return std::clamp(shared_.options.credit_bytes / usual_size_, std::min(4U, most), most);
}

void IncomingLink::top_up() {
  if (ended_ || (node_ != nullptr && !node_->has_room())) return;
  if (waiting_.size() >= shared_.options.max_unconfirmed) return;
  if (settles_second_ && pn_link_unsettled(link_) >= static_cast<int>(shared_.options.max_unsettled)) return;
  const auto wanted = static_cast<int>(window());
  const int credit = pn_link_credit(link_);
  if (credit <= wanted / 2) pn_link_flow(link_, wanted - credit);
}

void IncomingLink::room_made() {
  top_up();
  connection_.wake();
}

void IncomingLink::node_deleted() {
  const std::string address = node_->address();
  node_ = nullptr;
  end({"amqp:resource-deleted", "node '" + address + "' was deleted"});
}

void IncomingLink::end(const LinkError& error) {
  if (std::exchange(ended_, true)) return;
  builder_.reset();
  let_go();
  large_ = nullptr;
  pause(false);
  close_link(link_, error);
  connection_.wake();
}

void IncomingLink::on_delivery(pn_delivery_t* delivery) {
  if (pn_link_current(link_) != delivery) {
    // The sender settled: what waits for the storage goes on waiting, what heard its outcome is done.
    if (settles_second_ && pn_delivery_settled(delivery) && pn_delivery_local_state(delivery) != 0) {
      pn_delivery_settle(delivery);
      top_up();
    }
    return;
  }
  if (finishing_) return;
  if (ended_) return discard(delivery);
  if (pn_delivery_aborted(delivery)) {
    builder_.reset();
    let_go();
    large_ = nullptr;
    pause(false);
    pn_delivery_settle(delivery);
    return top_up();
  }
  if (!receive(delivery)) return;
  if (pn_delivery_partial(delivery)) return hold();
  if (held_ != 0) let_go();
  if (large_) return finish_large(delivery);
  const Time now = Clock::now();
  complete(delivery, builder_.finish(now), true, now);
}

void IncomingLink::complete(pn_delivery_t* delivery, MessageRef message, bool written, Time now) {
  ++shared_.counters.transfers_in;
  pn_link_advance(link_);
  if (pn_link_credit(link_) < 0) {
    ++shared_.counters.credit_violations;
    pn_delivery_settle(delivery);
    return end({"amqp:link:transfer-limit-exceeded", "more was transferred than there was credit for"});
  }
  usual_size_ = static_cast<std::uint32_t>((7 * std::uint64_t{usual_size_} + (message ? message->cost() : 0)) / 8 + 1);
  if (written) {
    publish(delivery, std::move(message), now);
    if (Message::in_memory() > shared_.relief_mark) shared_.ask_relief();
  } else {
    reject(delivery, "amqp:resource-limit-exceeded",
           "the broker's disk is full; large messages are taken again when there is space");
  }
  top_up();
}

// Moves what arrived into the builder; false when the link was ended for it.
bool IncomingLink::receive(pn_delivery_t* delivery) {
  const std::size_t pending = pn_delivery_pending(delivery);
  if (builder_.size() + (large_ ? large_->size() : 0) + pending > shared_.options.max_message_size) {
    end({"amqp:link:message-size-exceeded",
         "a message is larger than max-message-size, " + std::to_string(shared_.options.max_message_size) + " bytes"});
    discard(delivery);
    return false;
  }
  if (pending > 0 && is_large(pending)) return receive_large();
  if (pending > 0) {
    const ssize_t received = pn_link_recv(link_, reinterpret_cast<char*>(builder_.prepare(pending)), pending);
    if (received > 0) builder_.commit(static_cast<std::size_t>(received));
  }
  return true;
}

// Each of a connection's links may be in the middle of a message; together they have a bound.
void IncomingLink::hold() {
  unfinished_ += builder_.size() - held_;
  held_ = builder_.size();
  if (unfinished_ <= shared_.options.max_unfinished) return;
  end({"amqp:resource-limit-exceeded", "this connection's unfinished messages are larger than broker.max_unfinished, " +
                                           std::to_string(shared_.options.max_unfinished) + " bytes in all"});
}

void IncomingLink::let_go() noexcept { unfinished_ -= std::exchange(held_, 0); }

// The link is ended but the peer does not know yet. One that goes on and on is cut off.
void IncomingLink::discard(pn_delivery_t* delivery) {
  char sink[4096];
  for (ssize_t n = 0; (n = pn_link_recv(link_, sink, sizeof sink)) > 0;) discarded_ += static_cast<std::uint64_t>(n);
  if (!pn_delivery_partial(delivery)) {
    pn_link_advance(link_);
    pn_delivery_settle(delivery);
  }
  if (discarded_ > shared_.options.max_message_size + (1U << 20)) {
    connection_.abort("amqp:resource-limit-exceeded: the peer went on sending on a link that was detached");
  }
}

void IncomingLink::publish(pn_delivery_t* delivery, MessageRef message, Time now) {
  if (!message) {
    ++shared_.counters.malformed;
    return reject(delivery, "amqp:decode-error", "the message's sections are malformed or it has no body");
  }
  Node* node = node_;
  if (anonymous_) {
    const auto to = read_to(message->body());
    node = to.empty() ? nullptr : shared_.router.route(to);
    if (node == nullptr) {
      ++shared_.counters.unroutable;
      return reject(delivery, "amqp:not-found",
                    "no node '" + std::string(to.substr(0, 200)) + "' for the message's property 'to'");
    }
  }
  if (permissions_ != nullptr && !permitted(delivery, *message, *node)) return;
  if (permissions_ != nullptr && anonymous_ && !reachable(*node)) {
    return deny(delivery, permissions_->refusal(Operation::send, node->address()));
  }
  if (node->kind() == Node::Kind::service) return ask(delivery, *static_cast<Management*>(node), message, now);
  schedule(*message, now);
  if (pn_disposition_type(pn_delivery_remote(delivery)) == transactional_state_code) {
    return send_in_transaction(delivery, *node, std::move(message));
  }
  const Admission admission = node->kind() == Node::Kind::topic
                                  ? static_cast<Topic*>(node)->publish_from(origin_, message, now)
                                  : node->publish(message, now);
  if (admission.result == Admission::Result::accepted) return accept(delivery, admission.lsn);
  if (admission.result == Admission::Result::stopped) {
    return reject(delivery, "amqp:internal-error", "'" + node->address() + "' is out of service: " + node->stopped());
  }
  const bool disk = admission.result == Admission::Result::no_space;
  reject(delivery, "amqp:resource-limit-exceeded",
         disk ? "the broker's disk is full; durable messages are taken again when there is space"
              : "'" + node->address() + "' is full; send again later");
}

void IncomingLink::ask(pn_delivery_t* delivery, Management& service, const MessageRef& request, Time now) {
  if (pn_disposition_type(pn_delivery_remote(delivery)) == transactional_state_code) {
    return reject(delivery, "amqp:not-implemented", "requests to '$management' take no part in transactions");
  }
  Moving::May may;
  if (permissions_ != nullptr) {
    may = [grants = permissions_->grants()](std::string_view address) {
      return !grants || grants->allow(Operation::manage, address);
    };
  }
  service.request(request, std::move(may), now);
  accept(delivery, 0);
}

// A dynamic node's name is a secret of 128 bits: whoever was told it may answer there.
bool IncomingLink::reachable(Node& node) {
  if (node.kind() == Node::Kind::service) return true;  // permitted() has looked at `manage`
  if (shared_.router.is_dynamic(node)) return true;
  return permissions_->may_send(node.address());
}

// What depends on the message itself: whom it says it is from, and what it asks of a service of the broker's.
bool IncomingLink::permitted(pn_delivery_t* delivery, const Message& message, const Node& node) {
  if (const auto claimed = read_user_id(message.body()); !permissions_->may_claim(claimed)) {
    ++shared_.security.counters.claims_refused;
    deny(delivery, "property user-id says '" + std::string(claimed.substr(0, 128)) + "', but '" +
                       permissions_->identity().user.substr(0, 128) + "' sent it");
    return false;
  }
  if (node.kind() != Node::Kind::service) return true;
  if (anonymous_ && !permissions_->may(Operation::manage, node.address())) {
    deny(delivery, permissions_->refusal(Operation::manage, node.address()));
    return false;
  }
  for (const auto* key : {"name", "to"}) {
    const auto found = amqp::Reader(find_in_map(message.body(), Section::application_properties, key)).text();
    if (found && !permissions_->may(Operation::manage, *found)) {
      deny(delivery, permissions_->refusal(Operation::manage, *found));
      return false;
    }
  }
  return true;
}

// A sender that asked for no outcomes hears it by losing its link.
void IncomingLink::deny(pn_delivery_t* delivery, const std::string& why) {
  ++shared_.security.counters.denied;
  const bool settled = pn_delivery_settled(delivery);
  reject(delivery, "amqp:unauthorized-access", why);
  if (settled) end({"amqp:unauthorized-access", why});
}

void IncomingLink::schedule(Message& message, Time now) const {
  if (!has_message_annotations(message)) return;
  const std::int64_t wall = shared_.options.router.wall_ms();
  const auto due = asked_delivery_time(message, wall);
  if (due && *due > wall) message.set_due(now + std::chrono::milliseconds(*due - wall));
}

void IncomingLink::send_in_transaction(pn_delivery_t* delivery, Node& node, MessageRef message) {
  const auto bytes = encoded(pn_disposition_data(pn_delivery_remote(delivery)));
  const auto state = read_transactional_state(bytes);
  if (!state) return reject(delivery, "amqp:decode-error", "the transfer's transactional-state is malformed");
  const auto error = transactions_.send(state->id, pn_link_session(link_), node, origin_, std::move(message));
  if (error.condition != nullptr) return reject(delivery, error.condition, error.description);
  if (!pn_delivery_settled(delivery)) set_transactional(delivery, state->id, PN_ACCEPTED);
  conclude(delivery);
}

// The outcome is said; a sender that wants to settle first does.
void IncomingLink::conclude(pn_delivery_t* delivery) {
  if (!settles_second_ || pn_delivery_settled(delivery)) pn_delivery_settle(delivery);
}

void IncomingLink::accept(pn_delivery_t* delivery, Lsn lsn) {
  if (pn_delivery_settled(delivery)) return pn_delivery_settle(delivery);
  if (waiting_.empty() && lsn <= shared_.storage.durable()) {
    pn_delivery_update(delivery, PN_ACCEPTED);
    return conclude(delivery);
  }
  // Behind one that waits, everything waits: outcomes stay in order and coalesce.
  if (waiting_.empty()) shared_.unconfirmed.push_back(this);
  waiting_.push_back({delivery, lsn});
}

void IncomingLink::confirm(Lsn lsn) {
  const bool was_waiting = unconfirmed();
  while (!waiting_.empty() && waiting_.front().lsn <= lsn) {
    pn_delivery_t* delivery = waiting_.front().delivery;
    waiting_.pop_front();
    pn_delivery_update(delivery, PN_ACCEPTED);
    conclude(delivery);
  }
  if (!was_waiting) return;
  top_up();
  connection_.wake();
}

}  // namespace bascule::broker
