#include "bascule/broker/router.hpp"

#include <algorithm>

#include "bascule/broker/annotate.hpp"
#include "bascule/broker/lost_request.hpp"
#include "bascule/broker/names.hpp"
#include "bascule/broker/pattern.hpp"

namespace bascule::broker {
namespace {

constexpr std::size_t max_address = 1024;

}  // namespace

std::int64_t wall_milliseconds() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Router::Router(RouterSettings settings, Storage& storage)
    : settings_(std::move(settings)), storage_(storage), nowhere_({}, storage) {}

Router::~Router() = default;

Node* Router::find(std::string_view address) const noexcept {
  const auto found = nodes_.find(address);
  return found == nodes_.end() ? nullptr : found->second.node.get();
}

bool Router::is_topic(std::string_view address, Wanted wanted) const noexcept {
  if (wanted.queue != wanted.topic) return wanted.topic;
  if (const Node* node = find(address)) return node->kind() == Node::Kind::topic;
  return std::any_of(settings_.topic_prefixes.begin(), settings_.topic_prefixes.end(),
                     [&](const std::string& prefix) { return address.starts_with(prefix); }) &&
         address.find("::") == std::string_view::npos;
}

Opened Router::open(std::string_view address, Wanted wanted) {
  if (address.empty() || address.size() > max_address || is_pattern(address)) return {nullptr, Refusal::bad_address};
  if (Node* node = find(address)) {
    const bool topic = node->kind() == Node::Kind::topic;
    if (node->kind() == Node::Kind::service) return {node, Refusal::none};
    if (wanted.queue != wanted.topic && wanted.topic != topic) return {nullptr, Refusal::wrong_kind};
    return {node, Refusal::none};
  }
  if ((!settings_.auto_create && !wanted.declared) || address.find("::") != std::string_view::npos)
    return {nullptr, Refusal::not_found};
  if (nodes_.size() >= settings_.max_nodes) return {nullptr, Refusal::too_many};
  if (is_topic(address, wanted)) return {&add_topic(std::string(address)), Refusal::none};
  return {&add_queue(std::string(address), settings_for(address), {}), Refusal::none};
}

Node* Router::route(std::string_view address) {
  if (Node* node = find(address)) return node;
  // Nobody would ever delete a queue that a stray `to` made; a topic is needed when a subscription's pattern
  // matches it.
  if (!is_topic(address, {}) || is_pattern(address) || address.size() > max_address) return nullptr;
  const bool wanted = std::any_of(patterns_.begin(), patterns_.end(), [&](const Queue* queue) {
    return matches(nodes_.find(queue->address())->second.pattern, address);
  });
  if (!wanted) return &nowhere_;
  return nodes_.size() >= settings_.max_nodes ? nullptr : &add_topic(std::string(address));
}

Queue& Router::create_dynamic() {
  return add_queue(unguessable_name("temporary."), settings_.dynamic, {.dynamic = true});
}

Topic& Router::create_dynamic_topic() { return add_topic(unguessable_name("temporary-topic."), true); }

Opened Router::subscribe(const SubscriptionSpec& spec) {
  if (spec.topic.empty() || spec.topic.size() + spec.name.size() > max_address) return {nullptr, Refusal::bad_address};
  if (Node* topic = find(spec.topic); topic != nullptr && topic->kind() != Node::Kind::topic) {
    return {nullptr, Refusal::wrong_kind};
  }
  std::string address = spec.topic + "::" + (spec.name.empty() ? unguessable_name("") : spec.name);
  if (Node* existing = find(address)) {
    auto& queue = static_cast<Queue&>(*existing);
    if (const auto& owner = owner_of(queue); !owner.empty() && spec.may_use && !spec.may_use(owner)) {
      return {nullptr, Refusal::not_owner};
    }
    expiring_.erase(address);
    if (queue.filter().same_as(spec.filter)) return {existing, Refusal::none};
    if (queue.consumers() > 0) return {nullptr, Refusal::in_use};
    remove(queue);
  }
  if (nodes_.size() + 2 > settings_.max_nodes) return {nullptr, Refusal::too_many};
  QueueSettings settings = subscription_settings(spec.topic);
  settings.durable = spec.durable;
  std::string definition =
      spec.durable ? encode_definition({spec.topic, spec.filter, spec.owner, spec.expiry}) : std::string();
  if (spec.durable && !storage_.takes(Demand().node(address, definition))) return {nullptr, Refusal::disk_full};
  Queue& queue = add_queue(
      std::move(address), settings,
      {.durable_subscription = spec.durable, .pattern = spec.topic, .owner = spec.owner, .expiry = spec.expiry},
      std::move(definition));
  queue.set_filter(spec.filter);
  bind(queue, spec.topic);
  if (spec.durable) queue.storage_id();  // it outlives a restart even while it is empty
  return {&queue, Refusal::none};
}

void Router::bind(Queue& subscription, const std::string& pattern) {
  if (!is_pattern(pattern)) {
    Node* node = find(pattern);
    Topic& topic = node != nullptr ? static_cast<Topic&>(*node) : add_topic(pattern);
    topic.bind(subscription);
    return;
  }
  patterns_.push_back(&subscription);
  for (auto& [address, held] : nodes_) {
    if (held.node->kind() == Node::Kind::topic && matches(pattern, address)) {
      static_cast<Topic&>(*held.node).bind(subscription);
    }
  }
}

QueueSettings Router::settings_for(std::string_view address) const {
  QueueSettings settings = settings_.queue;
  if (address.starts_with(settings_.rpc_prefix)) {
    settings.rpc = true;
    settings.groups = false;
    settings.dead_letters = false;
    settings.dedup = {.by_property = false};
  }
  if (address.starts_with(settings_.dead_letter_prefix)) {
    settings.max_deliveries = 0;  // they end here, and nowhere else
    settings.dead_letters = false;
    settings.overflow = Overflow::drop_head;
  }
  apply(settings_.addresses, address, settings);
  return settings;
}

// What a topic's dead letters, duplicates and age are, its subscriptions need not look at again.
QueueSettings Router::subscription_settings(std::string_view topic) const {
  QueueSettings settings = settings_.queue;
  apply(settings_.addresses, topic, settings);
  settings.dedup = {.by_property = false};
  settings.max_age = {};
  return settings;
}

Queue& Router::add_queue(std::string address, const QueueSettings& settings, Held extra, std::string definition) {
  auto queue = std::make_unique<Queue>(address, settings, storage_, *this, std::move(definition));
  Queue& made = *queue;
  extra.node = std::move(queue);
  nodes_.emplace(std::move(address), std::move(extra));
  return made;
}

Topic& Router::add_topic(std::string address, bool dynamic) {
  auto topic = std::make_unique<Topic>(address, storage_, settings_for(address));
  Topic& made = *topic;
  nodes_.emplace(std::move(address), Held{.node = std::move(topic), .dynamic = dynamic, .pattern = {}});
  for (Queue* queue : patterns_) {
    if (matches(nodes_.find(queue->address())->second.pattern, made.address())) made.bind(*queue);
  }
  return made;
}

Queue* Router::find_subscription(std::string_view name) const noexcept {
  for (const auto& [address, held] : nodes_) {
    if (!held.durable_subscription || address.size() != held.pattern.size() + 2 + name.size()) continue;
    if (address.ends_with(name)) return static_cast<Queue*>(held.node.get());
  }
  return nullptr;
}

const std::string& Router::topic_of(const Queue& subscription) const {
  return nodes_.find(subscription.address())->second.pattern;
}

const std::string& Router::owner_of(const Node& node) const {
  static const std::string nobody;
  const auto found = nodes_.find(node.address());
  return found == nodes_.end() ? nobody : found->second.owner;
}

Expiry Router::expiry_of(const Node& node) const {
  const auto found = nodes_.find(node.address());
  return found == nodes_.end() ? Expiry{} : found->second.expiry;
}

bool Router::is_dynamic(const Node& node) const noexcept {
  const auto found = nodes_.find(node.address());
  return found != nodes_.end() && found->second.dynamic;
}

void Router::remove(Node& node) {
  const auto found = nodes_.find(node.address());
  if (found == nodes_.end()) return;
  if (node.kind() == Node::Kind::queue) {
    auto& queue = static_cast<Queue&>(node);
    std::erase(patterns_, &queue);
    if (queue.declared()) stored_.erase(queue.storage_id());
    std::erase(looking_, &queue);
    queue.forget_stored();
  }
  if (node.kind() == Node::Kind::topic) {
    const QueueId id = static_cast<Topic&>(node).storage_id();
    if (id != 0) storage_.remove(id);
    restored_topics_.erase(id);
  }
  expiring_.erase(found->first);
  const std::string topic = found->second.pattern;
  auto dying = std::move(found->second.node);  // outlives its entry: links that hear of it may ask the router
  nodes_.erase(found);
  dying.reset();
  if (Node* other = topic.empty() ? nullptr : find(topic); other != nullptr && other->kind() == Node::Kind::topic) {
    left(*other);
  }
}

void Router::left(Node& node, Time now) {
  const auto found = nodes_.find(node.address());
  if (found == nodes_.end() || node.has_producers() || node.kind() == Node::Kind::service) return;
  const Held& held = found->second;
  if (held.kept || held.dynamic) return;
  if (node.kind() == Node::Kind::topic) {
    const auto& subscriptions = static_cast<Topic&>(node).subscriptions();
    const bool used = std::any_of(subscriptions.begin(), subscriptions.end(), [&](const Queue* queue) {
      return nodes_.find(queue->address())->second.pattern == node.address();
    });
    if (!used && !static_cast<Topic&>(node).remembers()) remove(node);
    return;
  }
  const auto& queue = static_cast<Queue&>(node);
  if (queue.has_readers()) return;
  const bool subscription = !held.pattern.empty();
  if (subscription && held.expiry.lasts()) return ended(queue.address(), Expiry::When::link_detach, now);
  const bool empty = queue.size() == 0;
  if (subscription || (empty && !queue.declared())) remove(node);
}

void Router::ended(std::string_view subscription, Expiry::When what, Time now) {
  const auto found = nodes_.find(subscription);
  if (found == nodes_.end() || found->second.pattern.empty()) return;
  const auto& [when, seconds] = found->second.expiry;
  auto& queue = static_cast<Queue&>(*found->second.node);
  if (when > what || when == Expiry::When::never || queue.has_readers()) return;
  if (seconds == 0) return remove(queue);
  expiring_[found->first] = now + std::chrono::seconds(seconds);
}

void Router::expire_subscriptions(Time now) {
  std::vector<std::string> due;
  for (auto& [address, at] : expiring_) {
    if (!at) at = now + std::chrono::seconds(nodes_.find(address)->second.expiry.seconds);
    if (*at <= now) due.push_back(address);
  }
  for (const auto& address : due) {
    expiring_.erase(address);
    Node* const node = find(address);
    if (node != nullptr && !static_cast<Queue*>(node)->has_readers()) remove(*node);
  }
}

bool Router::keep(Node& node) {
  if (node.kind() == Node::Kind::queue) {
    auto& queue = static_cast<Queue&>(node);
    if (!queue.declared() && !storage_.takes(Demand().node(queue.address(), {}))) return false;
    queue.storage_id();
  }
  nodes_.find(node.address())->second.kept = true;
  return true;
}

void Router::add_service(std::unique_ptr<Node> service) {
  const std::string address = service->address();
  nodes_.emplace(address, Held{.node = std::move(service), .kept = true});
}

void Router::sweep(Time now) {
  if (!expiring_.empty()) expire_subscriptions(now);
  // What expires may be dead-lettered into a queue that is made for it: walk a copy.
  sweeping_.clear();
  for (auto& [address, held] : nodes_) {
    if (held.node->kind() != Node::Kind::queue) continue;
    auto& queue = static_cast<Queue&>(*held.node);
    if (queue.has_timed()) sweeping_.push_back(&queue);
  }
  for (Queue* queue : sweeping_) queue->sweep(now);
}

void Router::relieve_memory() {
  const std::uint64_t used = Message::in_memory();
  if (used > settings_.memory_pages) page_out(used - settings_.memory_pages);
  const bool high = storage_.memory_high();
  const std::uint64_t left = Message::in_memory();
  if (storage_.note_memory(left > (high ? settings_.memory_high / 5 * 4 : settings_.memory_high))) pressure_changed();
}

// From the largest queue on; what is next in each stays, as far as all of that fits.
void Router::page_out(std::uint64_t wanted) {
  paging_.clear();
  for (auto& [address, held] : nodes_) {
    if (held.node->kind() != Node::Kind::queue) continue;
    auto& queue = static_cast<Queue&>(*held.node);
    if (queue.size() > queue.acquired()) paging_.push_back(&queue);
  }
  std::sort(paging_.begin(), paging_.end(), [](const Queue* a, const Queue* b) { return a->bytes() > b->bytes(); });
  const std::uint64_t window =
      std::clamp<std::uint64_t>(settings_.memory_pages / 2 / (paging_.size() + 1), 16U << 10, 2U << 20);
  std::uint64_t freed = 0;
  for (Queue* queue : paging_) {
    if (freed >= wanted) return;
    freed += queue->page_out(window);
  }
}

void Router::pressure_changed() {
  std::vector<Node*> nodes;
  for (auto& [address, held] : nodes_) nodes.push_back(held.node.get());
  for (Node* node : nodes) {
    if (node->has_room()) node->tell_room_made();
  }
}

void Router::holders(Lsn lsn, std::vector<Holding>& queues) {
  std::erase_if(queues, [&](Holding& one) {
    const auto found = stored_.find(one.queue);
    return found == stored_.end() || !found->second->holding(lsn, one);
  });
}

void Router::spoilt(Lsn lsn, const std::string& why) {
  for (auto& [address, held] : nodes_) {  // not only of stored_: it may be of a scratch file
    if (held.node->kind() != Node::Kind::queue) continue;
    auto& queue = static_cast<Queue&>(*held.node);
    if (Holding holding; queue.holding(lsn, holding)) queue.stop(why);
  }
}

void Router::stop_queue(QueueId queue, const std::string& why) {
  if (const auto found = stored_.find(queue); found != stored_.end()) found->second->stop(why);
}

void Router::restore_queue(QueueId id, const std::string& address, const std::string& definition) {
  if (definition == Topic::definition) {
    Node* const there = find(address);
    Topic& topic = there != nullptr ? static_cast<Topic&>(*there) : add_topic(address);
    topic.restore_id(id);
    restored_topics_.emplace(id, &topic);
    return;
  }
  const auto subscription = decode_definition(definition);
  const std::string topic = subscription ? subscription->topic : std::string();
  Queue& queue = add_queue(address, subscription ? subscription_settings(topic) : settings_for(address),
                           {.durable_subscription = subscription.has_value(),
                            .pattern = topic,
                            .owner = subscription ? subscription->owner : std::string(),
                            .expiry = subscription ? subscription->expiry : Expiry{}},
                           definition);
  queue.restore_id(id);
  stored_.emplace(id, &queue);
  if (!subscription) return;
  // Its links went with the broker that wrote this; its time begins anew.
  if (subscription->expiry.when != Expiry::When::never) expiring_[address] = std::nullopt;
  queue.set_filter(subscription->filter);
  bind(queue, topic);
}

void Router::restore_message(const StoredMessage& message, std::span<const Holding> queues, Time now) {
  for (const Holding& holding : queues) stored_.at(holding.queue)->restore(message, holding, now);
}

void Router::restore_key(QueueId node, Bytes key, Time until) {
  if (const auto queue = stored_.find(node); queue != stored_.end()) return queue->second->restore_key(key, until);
  if (const auto topic = restored_topics_.find(node); topic != restored_topics_.end()) {
    topic->second->restore_key(key, until);
  }
}

void Router::declared(Queue& queue) { stored_.emplace(queue.storage_id(), &queue); }

void Router::for_each(const std::function<void(Node&)>& visit) const {
  for (const auto& [address, held] : nodes_) visit(*held.node);
}

Queue* Router::dead_letters_of(const Queue& queue) {
  const std::string address = settings_.dead_letter_prefix + queue.address();
  if (Node* node = find(address)) return node->kind() == Node::Kind::queue ? static_cast<Queue*>(node) : nullptr;
  return nodes_.size() >= settings_.max_nodes ? nullptr : &add_queue(address, settings_for(address), {});
}

bool Router::discarded(Queue& queue, const Departure& departure, Time now) {
  const char* reason = nullptr;
  switch (departure.why) {
    case Discard::rejected: reason = "rejected"; break;
    case Discard::undeliverable: reason = "max-deliveries"; break;
    case Discard::refused: reason = "undeliverable-here"; break;
    case Discard::expired: reason = settings_.dead_letter_expired ? "expired" : nullptr; break;
    case Discard::dropped:
    case Discard::purged:
    case Discard::cancelled: break;
  }
  if (reason == nullptr || !queue.settings().dead_letters) return true;
  Queue* dead_letters = dead_letters_of(queue);
  if (dead_letters == nullptr) return true;
  Annotations added;
  added.symbol("x-opt-dead-letter-reason", reason);
  added.string("x-opt-dead-letter-source", queue.address());
  added.uint("x-opt-dead-letter-attempts", departure.delivery_count + (departure.why == Discard::rejected ? 1 : 0));
  added.timestamp("x-opt-dead-letter-time", settings_.wall_ms());
  const Outcome* outcome = departure.outcome;
  if (outcome != nullptr && !outcome->condition.empty()) {
    added.string("x-opt-dead-letter-condition", outcome->condition);
    added.string("x-opt-dead-letter-description", outcome->description);
  }
  if (departure.errors != nullptr) {
    added.string("x-opt-dead-letter-first-error", departure.errors->first);
    added.string("x-opt-dead-letter-last-error", departure.errors->last);
  }
  const auto taken = dead_letters->take(with_annotations(*departure.message, added, now), now).result;
  return taken != Admission::Result::no_space && taken != Admission::Result::stopped;
}

void Router::more_to_look(Queue& queue) {
  looking_.push_back(&queue);
  if (looking_.size() == 1 && look_on_wanted_) look_on_wanted_();
}

void Router::look_on(Time now) {
  for (Queue* queue : std::exchange(looking_, {})) queue->look_on(now);
}

bool Router::answer_lost(Queue&, const Message& request, Time now) {
  const auto answer = answer_to_lost(request.body());
  if (!answer) return false;
  // A caller that is gone too needs no answer, and its request no second run.
  if (Node* caller = route(answer->address)) caller->publish(make_message(answer->message, now), now);
  return true;
}

}  // namespace bascule::broker
