#include "bascule/broker/client_connection.hpp"

#include <proton/codec.h>
#include <proton/connection.h>
#include <proton/event.h>
#include <proton/session.h>
#include <proton/transport.h>

#include "bascule/broker/pattern.hpp"
#include "bascule/broker/sole_container.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::broker {
namespace {

amqp::EngineOptions engine_options(const BrokerOptions& options, std::shared_ptr<amqp::SaslLayer> login) {
  amqp::EngineOptions engine;
  engine.server = true;
  engine.sasl = std::move(login);
  engine.container_id = options.container_id;
  engine.idle_timeout = options.idle_timeout;
  engine.limits.max_frame = options.max_frame;
  return engine;
}

std::string_view text(const char* value) noexcept { return value == nullptr ? std::string_view{} : value; }

void put_symbols(pn_data_t* data, std::initializer_list<std::string_view> symbols) {
  pn_data_put_array(data, false, PN_SYMBOL);
  pn_data_enter(data);
  for (const auto symbol : symbols) pn_data_put_symbol(data, pn_bytes(symbol.size(), symbol.data()));
  pn_data_exit(data);
}

}  // namespace

ClientConnection::ClientConnection(Shared& shared, Loop& loop, std::unique_ptr<amqp::Stream> stream,
                                   std::shared_ptr<amqp::SaslServer> login, Gone gone)
    : shared_(shared),
      gone_(std::move(gone)),
      connection_(
          std::make_shared<amqp::Connection>(loop, std::move(stream), engine_options(shared.options, login), *this)),
      since_(Clock::now()),
      login_(std::move(login)),
      transactions_(shared.options.transactions, shared.router, shared.storage, shared.transactions) {
  ++shared_.opening;
  if (!login_) return;
  login_->on_change([weak = std::weak_ptr(connection_)] {
    if (const auto connection = weak.lock()) connection->wake();
  });
}

ClientConnection::~ClientConnection() {
  if (!opened_) --shared_.opening;
  connection_->detach();
}

void ClientConnection::check_handshake(Time latest) {
  if (!opened_ && since_ < latest) connection_->abort("the peer did not open the connection in time");
}

void ClientConnection::on_event(amqp::Connection&, pn_event_t* event) {
  if (cut_ && pn_event_type(event) != PN_CONNECTION_REMOTE_CLOSE) return;
  switch (pn_event_type(event)) {
    case PN_DELIVERY: return on_delivery(pn_event_delivery(event));
    case PN_LINK_FLOW: return on_flow(pn_event_link(event));
    case PN_LINK_REMOTE_OPEN: return on_link_open(pn_event_link(event));
    case PN_LINK_REMOTE_DETACH: return on_link_gone(pn_event_link(event), false);
    case PN_LINK_REMOTE_CLOSE: return on_link_gone(pn_event_link(event), true);
    case PN_SESSION_REMOTE_OPEN: return on_session_open(pn_event_session(event));
    case PN_SESSION_REMOTE_CLOSE: return on_session_end(pn_event_session(event));
    case PN_CONNECTION_REMOTE_OPEN: return on_connection_open(pn_event_connection(event));
    case PN_CONNECTION_REMOTE_CLOSE: {
      drop_all(true);
      pn_connection_close(pn_event_connection(event));
      return;
    }
    default: return;
  }
}

void ClientConnection::on_closed(amqp::Connection&, std::string_view reason) {
  drop_all(false);
  if (!reason.empty()) telemetry::debug("connection ended", {{"peer", peer()}, {"reason", reason}});
  gone_(*this);  // deletes this
}

void ClientConnection::on_connection_open(pn_connection_t* connection) {
  if (!opened_) --shared_.opening;
  opened_ = true;
  if (!admit() || !take_container(connection)) return;
  put_symbols(pn_connection_offered_capabilities(connection),
              {"ANONYMOUS-RELAY", "SHARED-SUBS", "DELAYED_DELIVERY", "queue", "topic", sole_connection});
  pn_data_t* properties = pn_connection_properties(connection);
  pn_data_put_map(properties);
  pn_data_enter(properties);
  for (const auto& [key, value] : {std::pair{"product", "bascule-broker"}, std::pair{"version", "0.1.0"}}) {
    pn_data_put_symbol(properties, pn_bytes(std::string_view(key).size(), key));
    pn_data_put_string(properties, pn_bytes(std::string_view(value).size(), value));
  }
  pn_data_exit(properties);
  pn_connection_open(connection);
}

// Takes a place among the connections of its address and user, and finds out what it may do.
bool ClientConnection::admit() {
  const auto identity = login_ ? std::exchange(login_, nullptr)->identity() : amqp::Identity{};
  const auto& options = shared_.options;
  if (!shared_.security.still_welcome(identity)) {  // while it logged in
    ++shared_.counters.connections_refused;
    pn_connection_open(connection_->engine());
    close("amqp:unauthorized-access", "user '" + identity.user + "' was removed, or has another password now");
    return false;
  }
  const auto host = peer().substr(0, peer().rfind(':'));
  auto by_address = shared_.addresses.take(host, options.max_connections_per_address);
  auto by_user = shared_.users.take(identity.user, identity.anonymous() ? 0 : options.max_connections_per_user);
  if (!by_address || !by_user) {
    ++shared_.counters.connections_refused;
    pn_connection_open(connection_->engine());
    close("amqp:resource-limit-exceeded", by_address ? "this user has as many connections as it may have "
                                                       "(broker.max_connections_per_user)"
                                                     : "this address has as many connections as it may have "
                                                       "(broker.max_connections_per_address)");
    return false;
  }
  places_.push_back(std::move(*by_address));
  places_.push_back(std::move(*by_user));
  permissions_ = shared_.security.permissions(identity);
  return true;
}

bool ClientConnection::take_container(pn_connection_t* connection) {
  if (!wants_to_be_sole(connection)) return true;
  const std::string id(text(pn_connection_remote_container(connection)));
  if (auto place = shared_.containers.take(id, 1)) {
    places_.push_back(std::move(*place));
    return true;
  }
  ++shared_.counters.connections_refused;
  open_to_refuse_container(connection);
  close("amqp:invalid-field", "container-id '" + id.substr(0, 200) + "' is in use by another connection");
  return false;
}

LinkError ClientConnection::denied(Operation operation, std::string_view address) const {
  if (!permissions_ || permissions_->may(operation, address)) return {};
  ++shared_.security.counters.denied;
  return {"amqp:unauthorized-access", permissions_->refusal(operation, address)};
}

// To send to or receive from a node; what is not there yet would be created by it.
LinkError ClientConnection::may_reach(Operation operation, std::string_view address) const {
  if (!permissions_) return {};
  Node* node = shared_.router.find(address);
  if (node != nullptr && node->kind() == Node::Kind::service) return denied(Operation::manage, address);
  if (node != nullptr && shared_.router.is_dynamic(*node)) {
    return {};  // its name is a secret; only its maker may read it
  }
  auto error = denied(operation, address);
  return error.condition == nullptr && node == nullptr ? denied(Operation::create, address) : error;
}

LinkError ClientConnection::not_owner(std::string_view address) const {
  ++shared_.security.counters.denied;
  return refusal_error(Refusal::not_owner, address);
}

LinkError ClientConnection::may_still(pn_link_t* link) const {
  pn_terminus_t* terminus = pn_link_is_receiver(link) ? pn_link_target(link) : pn_link_source(link);
  const std::string_view address = text(pn_terminus_get_address(terminus));
  if (address.empty() || pn_terminus_is_dynamic(terminus)) return {};
  if (pn_link_is_receiver(link)) return may_reach(Operation::send, address);
  if (const auto* queue = static_cast<const OutgoingLink*>(pn_link_get_context(link))->queue();
      queue != nullptr && !may_use(*queue)) {
    return refusal_error(Refusal::not_owner, address);
  }
  return denied(Operation::receive, address);
}

bool ClientConnection::may_use(const Queue& subscription) const {
  const auto& owner = shared_.router.owner_of(subscription);
  return !permissions_ || owner.empty() || permissions_->may_use(owner, shared_.router.topic_of(subscription));
}

// From now on nothing of this peer counts; it has a moment to read why.
void ClientConnection::cut(const std::string& why) {
  if (std::exchange(cut_, true)) return;
  drop_all(true);
  ++shared_.security.counters.cut;
  telemetry::warn("connection cut", {{"peer", peer()}, {"reason", why}});
  close("amqp:unauthorized-access", why);
}

void ClientConnection::check_permissions() {
  if (!permissions_ || cut_) return;
  const auto& identity = permissions_->identity();
  if (!shared_.security.still_welcome(identity)) {
    return cut("user '" + identity.user + "' was removed, or has another password now");
  }
  permissions_->change(shared_.security.grants(identity));
  std::vector<std::pair<pn_link_t*, LinkError>> ending;
  for (const auto& [link, held] : links_) {
    if (auto error = may_still(link); error.condition != nullptr) ending.emplace_back(link, std::move(error));
  }
  for (const auto& [link, error] : ending) {
    drop(link, true, false);
    close_link(link, error);
  }
  if (!ending.empty()) connection_->wake();
}

void ClientConnection::check_certificate_age(std::chrono::system_clock::time_point now) {
  const amqp::PeerCertificate* const certificate = connection_->stream().certificate();
  if (certificate == nullptr || certificate->expires() > now) return;
  cut("the client's certificate has ended; connect again with another");
}

bool ClientConnection::check_certificate(amqp::TlsContext& authorities, std::uint64_t generation) {
  const amqp::PeerCertificate* const certificate = connection_->stream().certificate();
  if (certificate == nullptr || std::exchange(vouched_, generation) == generation) return false;
  if (const auto why = certificate->why_distrusted(authorities); !why.empty()) {
    cut("the client's certificate is not trusted any more: " + why);
  }
  return true;
}

void ClientConnection::on_session_open(pn_session_t* session) {
  pn_session_set_incoming_capacity(session, window_frames * shared_.options.max_frame);
  pn_session_open(session);
}

void ClientConnection::on_session_end(pn_session_t* session) {
  std::vector<pn_link_t*> dying;
  for (const auto& [link, held] : links_) {
    if (pn_link_session(link) == session) dying.push_back(link);
  }
  hold(session);
  for (pn_link_t* link : dying) drop(link, true, false);
  end_termini(session);
  transactions_.end(session, Clock::now());
  pn_session_close(session);
  pn_session_free(session);
}

void ClientConnection::on_delivery(pn_delivery_t* delivery) {
  pn_link_t* link = pn_delivery_link(delivery);
  void* context = link == nullptr ? nullptr : pn_link_get_context(link);
  if (context == nullptr) return;
  if (pn_link_is_receiver(link)) return static_cast<TransferReceiver*>(context)->on_delivery(delivery);
  if (pn_delivery_updated(delivery)) static_cast<OutgoingLink*>(context)->on_delivery(delivery, Clock::now());
}

void ClientConnection::on_flow(pn_link_t* link) {
  void* context = pn_link_get_context(link);
  if (context != nullptr && pn_link_is_sender(link)) static_cast<OutgoingLink*>(context)->on_flow(Clock::now());
}

void ClientConnection::on_link_open(pn_link_t* link) {
  LinkError error;
  if (links_.size() >= shared_.options.max_links) {
    error = {"amqp:resource-limit-exceeded", "this connection has as many links as it may have (broker.max_links)"};
  } else {
    error = pn_link_is_receiver(link) ? attach_producer(link) : attach_consumer(link);
  }
  if (error.condition == nullptr) {
    ++shared_.counters.links_opened;
    return;
  }
  ++shared_.counters.links_refused;
  telemetry::debug("link refused", {{"peer", peer()}, {"condition", error.condition}, {"why", error.description}});
  refuse_link(link, error);
}

LinkError ClientConnection::attach_producer(pn_link_t* link) {
  pn_terminus_t* target = pn_link_remote_target(link);
  if (pn_terminus_get_type(target) == PN_COORDINATOR) {
    open_coordinator(link);
    return {};
  }
  const auto capabilities = read_capabilities(target);
  if (pn_terminus_is_dynamic(target)) {
    if (auto error = denied(Operation::create, "$dynamic"); error.condition != nullptr) return error;
    Node* const node = capabilities.topic ? static_cast<Node*>(&shared_.router.create_dynamic_topic())
                                          : static_cast<Node*>(&shared_.router.create_dynamic());
    open_producer(link, node, true, node->address().c_str());
    return {};
  }
  const std::string address(text(pn_terminus_get_address(target)));
  if (address.empty()) {
    open_producer(link, nullptr, false, nullptr);
    return {};
  }
  if (auto error = may_reach(Operation::send, address); error.condition != nullptr) return error;
  const auto opened = shared_.router.open(address, {.queue = capabilities.queue, .topic = capabilities.topic});
  if (opened.node == nullptr) return refusal_error(opened.refusal, address);
  open_producer(link, opened.node, false, nullptr);
  return {};
}

LinkError ClientConnection::attach_consumer(pn_link_t* link) {
  pn_terminus_t* source = pn_link_remote_source(link);
  if (pn_terminus_get_type(source) == PN_UNSPECIFIED) return look_up_subscription(link);
  Filters filters;
  if (auto error = read_filters(source, filters); error.condition != nullptr) return error;
  if (pn_terminus_is_dynamic(source)) return attach_dynamic_consumer(link, filters);
  const std::string address(text(pn_terminus_get_address(source)));
  const auto capabilities = read_capabilities(source);
  const Wanted wanted{.queue = capabilities.queue, .topic = capabilities.topic};
  if (is_pattern(address) || shared_.router.is_topic(address, wanted))
    return attach_subscription(link, address, filters);

  if (auto error = may_reach(Operation::receive, address); error.condition != nullptr) return error;
  const auto opened = shared_.router.open(address, wanted);
  if (opened.node == nullptr) return refusal_error(opened.refusal, address);
  if (opened.node->kind() != Node::Kind::queue) {
    return {"amqp:not-allowed", "this node takes requests and cannot be read; answers go to the request's reply-to"};
  }
  auto& queue = static_cast<Queue&>(*opened.node);
  if (shared_.router.is_dynamic(queue) && !owns(queue)) {
    return {"amqp:resource-locked", "a dynamic node is read by the connection that made it and by no other"};
  }
  if (!may_use(queue)) return not_owner(address);
  if (!queue.stopped().empty()) return {"amqp:internal-error", queue.stopped()};
  return open_consumer(link, queue, Ownership::shared, filters);
}

LinkError ClientConnection::attach_dynamic_consumer(pn_link_t* link, const Filters& filters) {
  if (auto error = denied(Operation::create, "$dynamic"); error.condition != nullptr) return error;
  if (read_capabilities(pn_link_remote_source(link)).topic) {
    Topic& topic = shared_.router.create_dynamic_topic();
    own_nodes_.emplace(&topic, link);
    own_topics_.emplace(link, topic.address());
    pn_terminus_set_address(pn_link_remote_source(link), topic.address().c_str());
    auto error = attach_subscription(link, topic.address(), filters);
    if (error.condition != nullptr) {
      own_nodes_.erase(&topic);
      drop_topic(link);
    }
    return error;
  }
  Queue& queue = shared_.router.create_dynamic();
  return open_consumer(link, queue, Ownership::node, filters);
}

// `group|instance`, capability shared: links of one group share a subscription. Otherwise the link's own, and
// its name is scoped by the container, unless the capability `global` says that it is not.
std::string ClientConnection::subscription_name(pn_link_t* link, bool shared, bool global) const {
  std::string name(text(pn_link_name(link)));
  if (shared) name = name.substr(0, name.find('|'));
  if (global) return name;
  return std::string(text(pn_connection_remote_container(connection_->engine()))) + "." + name;
}

LinkError ClientConnection::attach_subscription(pn_link_t* link, const std::string& address, const Filters& filters) {
  pn_terminus_t* source = pn_link_remote_source(link);
  const auto capabilities = read_capabilities(source);
  const Expiry expiry = read_expiry(source);
  const bool durable =
      expiry.when == Expiry::When::never || (expiry.lasts() && pn_terminus_get_durability(source) != PN_NONDURABLE);
  if (const Node* topic = shared_.router.find(address); topic != nullptr && shared_.router.is_dynamic(*topic)) {
    if (!owns(*topic)) {
      return {"amqp:resource-locked", "a dynamic node is read by the connection that made it and by no other"};
    }
  } else if (auto error = denied(Operation::receive, address); error.condition != nullptr) {
    return error;
  }
  if (expiry.lasts()) {
    if (auto error = denied(Operation::create, address); error.condition != nullptr) return error;
  }
  SubscriptionSpec spec{
      .topic = address, .durable = durable, .filter = {.selector = filters.selector}, .expiry = expiry};
  if (permissions_) {
    spec.owner = permissions_->identity().user;
    spec.may_use = [&](std::string_view owner) { return permissions_->may_use(owner, address); };
  }
  if (filters.no_local) spec.filter.not_from = origin_of(text(pn_connection_remote_container(connection_->engine())));
  if (expiry.lasts() || capabilities.shared) {
    spec.name = subscription_name(link, capabilities.shared, capabilities.global);
    if (!durable) spec.name += capabilities.shared ? ":shared-volatile" : ":volatile";
  }
  const auto opened = shared_.router.subscribe(spec);
  if (opened.refusal == Refusal::not_owner) return not_owner(address);
  if (opened.node == nullptr) return refusal_error(opened.refusal, address);
  auto& queue = static_cast<Queue&>(*opened.node);
  if (!queue.stopped().empty()) return {"amqp:internal-error", queue.stopped()};
  if (!capabilities.shared && queue.consumers() > 0) {
    return {"amqp:resource-locked",
            "subscription '" + queue.address() + "' has a consumer; use capability 'shared' for several"};
  }
  return open_consumer(link, queue, expiry.lasts() ? Ownership::subscription : Ownership::shared, filters, true);
}

// A null source asks for the terminus that the link's name stands for: how a client finds a durable
// subscription again in order to end it (by closing the link).
LinkError ClientConnection::look_up_subscription(pn_link_t* link) {
  for (const bool global : {false, true}) {
    for (const bool shared : {false, true}) {
      Queue* queue = shared_.router.find_subscription(subscription_name(link, shared, global));
      if (queue == nullptr) continue;
      if (auto error = denied(Operation::receive, shared_.router.topic_of(*queue)); error.condition != nullptr)
        return error;
      if (!may_use(*queue)) return not_owner(shared_.router.topic_of(*queue));
      pn_terminus_set_type(pn_link_remote_source(link), PN_SOURCE);
      pn_terminus_set_address(pn_link_remote_source(link), shared_.router.topic_of(*queue).c_str());
      return open_consumer(link, *queue, Ownership::subscription, {});
    }
  }
  return {"amqp:not-found", "no durable subscription has the name of this link"};
}

void ClientConnection::open_producer(pn_link_t* link, Node* node, bool owns_node, const char* dynamic_address) {
  pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
  pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
  state_terminus(pn_link_target(link), false, {});
  if (dynamic_address != nullptr) pn_terminus_set_address(pn_link_target(link), dynamic_address);
  pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
  pn_link_set_rcv_settle_mode(link, pn_link_remote_rcv_settle_mode(link));
  pn_link_set_max_message_size(link, shared_.options.max_message_size);
  pn_link_open(link);
  if (owns_node) own_nodes_.emplace(node, link);
  auto made = std::make_unique<IncomingLink>(shared_, *connection_, link, node, owns_node, transactions_, unfinished_);
  made->restrict_to(permissions_.get());
  pn_link_set_context(link, static_cast<TransferReceiver*>(made.get()));
  links_.emplace(link, std::move(made));
}

// `filtered`: what is in the queue was selected before.
LinkError ClientConnection::open_consumer(pn_link_t* link, Queue& queue, Ownership ownership, const Filters& filters,
                                          bool filtered) {
  // A topic's subscriber says `copy` too (Qpid JMS): every subscription has its own copy, and takes from it.
  const bool copies = pn_terminus_get_distribution_mode(pn_link_remote_source(link)) == PN_DIST_MODE_COPY;
  const Reading reading{.selector = filtered ? nullptr : filters.selector, .browses = copies && !filtered};
  if (reading.selector && !queue.takes(*reading.selector)) {
    return {"amqp:resource-limit-exceeded",
            "the consumers of '" + queue.address() + "' have too many different selectors"};
  }
  pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
  pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
  Filters applied = filters;
  if (!filtered) applied.no_local = false;  // it is about topics
  echo_filters(applied, pn_link_source(link));
  const bool lasts = ownership == Ownership::subscription;
  state_terminus(pn_link_source(link), lasts && queue.settings().durable,
                 lasts ? shared_.router.expiry_of(queue) : Expiry{});
  if (ownership == Ownership::node) pn_terminus_set_address(pn_link_source(link), queue.address().c_str());
  pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
  pn_link_set_rcv_settle_mode(link, pn_link_remote_rcv_settle_mode(link));
  pn_link_open(link);
  if (ownership == Ownership::node) own_nodes_.emplace(&queue, link);
  auto made = std::make_unique<OutgoingLink>(shared_, *connection_, link, queue, ownership, reading, transactions_);
  pn_link_set_context(link, made.get());
  links_.emplace(link, std::move(made));
  return {};
}

void ClientConnection::open_coordinator(pn_link_t* link) {
  pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
  pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
  put_symbols(pn_terminus_capabilities(pn_link_target(link)), {"amqp:local-transactions", "amqp:multi-txns-per-ssn"});
  pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
  pn_link_set_rcv_settle_mode(link, PN_RCV_FIRST);
  pn_link_open(link);
  auto made = std::make_unique<CoordinatorLink>(shared_, *connection_, link, transactions_);
  pn_link_set_context(link, static_cast<TransferReceiver*>(made.get()));
  links_.emplace(link, std::move(made));
}

// Nothing more goes out on a session (null: on any) that is ending: what one of its links gives back is not for the next.
void ClientConnection::hold(pn_session_t* session) {
  for (const auto& [link, held] : links_) {
    const auto* outgoing = std::get_if<std::unique_ptr<OutgoingLink>>(&held);
    if (outgoing != nullptr && (session == nullptr || pn_link_session(link) == session)) (*outgoing)->hold();
  }
}

void ClientConnection::drop_all(bool orderly) {
  hold(nullptr);
  while (!links_.empty()) drop(links_.begin()->first, orderly, false);
  end_termini(nullptr);
}

void ClientConnection::on_link_gone(pn_link_t* link, bool closed) {
  drop(link, true, closed);
  closed ? pn_link_close(link) : pn_link_detach(link);
  pn_link_free(link);
}

void ClientConnection::drop(pn_link_t* link, bool orderly, bool closed) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  pn_link_set_context(link, nullptr);
  const Link dying = std::move(found->second);
  links_.erase(found);
  std::erase_if(own_nodes_, [link](const auto& owned) { return owned.second == link; });
  if (const auto* outgoing = std::get_if<std::unique_ptr<OutgoingLink>>(&dying)) {
    remember_terminus(link, **outgoing);
    (*outgoing)->on_gone(orderly, closed, Clock::now());
  }
  if (std::holds_alternative<std::unique_ptr<CoordinatorLink>>(dying)) transactions_.end(link, Clock::now());
  drop_topic(link);
}

// What is kept of it may have to go when the session ends, or the connection.
void ClientConnection::remember_terminus(pn_link_t* link, const OutgoingLink& consumer) {
  if (consumer.queue() == nullptr) return;
  const auto when = shared_.router.expiry_of(*consumer.queue()).when;
  if (when != Expiry::When::session_end && when != Expiry::When::connection_close) return;
  termini_[consumer.queue()->address()] = pn_link_session(link);
}

// `session` null: the connection.
void ClientConnection::end_termini(pn_session_t* session) {
  for (const auto& [subscription, of] : termini_) {
    if (session == nullptr) shared_.router.ended(subscription, Expiry::When::connection_close, Clock::now());
    if (session == of) shared_.router.ended(subscription, Expiry::When::session_end, Clock::now());
  }
  if (session == nullptr) termini_.clear();
}

// A topic that was made for a receiver goes with it.
void ClientConnection::drop_topic(pn_link_t* link) {
  const auto found = own_topics_.find(link);
  if (found == own_topics_.end()) return;
  Node* const topic = shared_.router.find(found->second);
  own_topics_.erase(found);
  if (topic != nullptr) shared_.router.remove(*topic);
}

}  // namespace bascule::broker
