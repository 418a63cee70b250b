#include <proton/condition.h>
#include <proton/disposition.h>
#include <proton/terminus.h>

#include <cstring>

#include "bascule/amqp/link.hpp"
#include "bascule/amqp/terminus.hpp"

namespace bascule::amqp {
namespace {

// Beyond this a peer that does not read costs memory: what is sent waits in the queue instead.
constexpr std::size_t max_outgoing_bytes = 1024 * 1024;

Outcome outcome_of(pn_delivery_t* delivery) {
  switch (pn_delivery_remote_state(delivery)) {
    case PN_ACCEPTED: return Outcome::accepted;
    case PN_REJECTED: return Outcome::rejected;
    case PN_MODIFIED: return Outcome::modified;
    // Settled without an outcome: the source's default outcome, which for a queue means not taken.
    default: return Outcome::released;
  }
}

std::string reason_of(pn_delivery_t* delivery) {
  auto* const condition = pn_disposition_condition(pn_delivery_remote(delivery));
  if (condition == nullptr || !pn_condition_is_set(condition)) return {};
  const char* const description = pn_condition_get_description(condition);
  return std::string(pn_condition_get_name(condition)) +
         (description != nullptr ? std::string(": ") + description : "");
}

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
  constexpr std::string_view names[] = {"accepted", "rejected", "released", "modified", "lost", "refused"};
  return names[static_cast<std::size_t>(outcome)];
}

profile::Wish Sender::State::wish() const {
  profile::Wish made;
  made.address = options.address;
  made.capabilities = options.capabilities;
  made.link = name;
  made.scheduled = options.scheduled;
  return made;
}

void Sender::State::attach(pn_session_t* session) {
  if (plan.by_links) {
    relay = std::make_unique<Relay>(open, options);
    attached = true;
    return flush();
  }
  link = pn_sender(session, plan.link.c_str());
  pn_link_set_context(link, static_cast<Link*>(this));
  auto* const target = pn_link_target(link);
  // The anonymous relay is a target without an address (AMQP Anonymous Terminus for Message Routing 1.0).
  pn_terminus_set_type(target, PN_TARGET);
  if (!plan.address.empty()) pn_terminus_set_address(target, plan.address.c_str());
  set_capabilities(target, plan.capabilities);
  pn_terminus_set_type(pn_link_source(link), PN_SOURCE);
  pn_link_set_snd_settle_mode(link, options.settled ? PN_SND_SETTLED : PN_SND_UNSETTLED);
  pn_link_open(link);
  wake();
}

void Sender::State::on_remote_open() {
  // A refusal is an ATTACH without a target, followed by a DETACH that says why.
  attached = pn_terminus_get_type(pn_link_remote_target(link)) != PN_UNSPECIFIED;
  if (attached) refusal.clear();
}

void Sender::State::lost(std::string_view reason) {
  std::vector<std::unique_ptr<OutcomeHandler>> unsettled;
  if (link != nullptr && !options.settled) {
    for (auto* d = pn_unsettled_head(link); d != nullptr; d = pn_unsettled_next(d)) {
      unsettled.emplace_back(static_cast<OutcomeHandler*>(pn_delivery_get_context(d)));
      pn_delivery_set_context(d, nullptr);
    }
  }
  link = nullptr;
  connection = nullptr;
  relay.reset();
  attached = false;
  auto dropped = std::move(queue);
  queue.clear();
  queued_bytes = 0;
  for (auto& handler : unsettled) {
    if (handler && *handler) (*handler)(Outcome::lost, reason);
  }
  for (auto& message : dropped) {
    if (message.handler) message.handler(Outcome::refused, reason);
  }
}

bool Sender::State::may_transmit() const {
  return attached && pn_link_credit(link) > 0 && pn_session_outgoing_bytes(pn_link_session(link)) < max_outgoing_bytes;
}

bool Sender::State::send(std::string_view encoded, OutcomeHandler handler) {
  if (relay) return relay->send(encoded, std::move(handler));
  if (queue.empty() && may_transmit()) {
    transmit(encoded, std::move(handler));
    wake();
    return true;
  }
  if (queue.size() >= options.max_queued || queued_bytes + encoded.size() > options.max_queued_bytes || closed)
    return false;
  queued_bytes += encoded.size();
  queue.push_back({std::string(encoded), std::move(handler)});
  return true;
}

void Sender::State::flush() {
  if (queue.empty() || !attached) return;
  while (relay && !queue.empty()) {
    auto message = std::move(queue.front());
    queue.pop_front();
    queued_bytes -= message.encoded.size();
    relay->send(message.encoded, std::move(message.handler));
  }
  while (!queue.empty() && may_transmit()) {
    auto message = std::move(queue.front());
    queue.pop_front();
    queued_bytes -= message.encoded.size();
    if (options.settled) {
      transmit(message.encoded, nullptr);
      if (message.handler) message.handler(Outcome::accepted, {});
    } else {
      transmit(message.encoded, std::move(message.handler));
    }
  }
  wake();
}

void Sender::State::transmit(std::string_view encoded, OutcomeHandler handler) {
  char tag[sizeof next_tag];
  std::memcpy(tag, &next_tag, sizeof tag);
  ++next_tag;
  auto* const delivery = pn_delivery(link, pn_dtag(tag, sizeof tag));
  pn_link_send(link, encoded.data(), encoded.size());
  pn_link_advance(link);
  if (options.settled) {
    pn_delivery_settle(delivery);
  } else {
    pn_delivery_set_context(delivery, new OutcomeHandler(std::move(handler)));
  }
}

void Sender::State::on_delivery(pn_delivery_t* delivery) {
  if (!pn_delivery_updated(delivery) || (pn_delivery_remote_state(delivery) == 0 && !pn_delivery_settled(delivery)))
    return;
  auto outcome = outcome_of(delivery);
  if (outcome == Outcome::released && plan.unrouted_is_taken) outcome = Outcome::accepted;
  const auto reason = outcome == Outcome::accepted ? std::string() : reason_of(delivery);
  const std::unique_ptr<OutcomeHandler> handler(static_cast<OutcomeHandler*>(pn_delivery_get_context(delivery)));
  pn_delivery_set_context(delivery, nullptr);
  pn_delivery_settle(delivery);
  wake();
  if (handler && *handler) (*handler)(outcome, reason);
}

bool Sender::send(std::string_view encoded, OutcomeHandler handler) {
  return state_->send(encoded, std::move(handler));
}
bool Sender::attached() const noexcept { return state_->attached; }
int Sender::credit() const noexcept {
  return state_->link != nullptr && state_->attached ? pn_link_credit(state_->link) : 0;
}
std::size_t Sender::queued() const noexcept { return state_->queue.size(); }
const std::string& Sender::refusal() const noexcept { return state_->refusal; }

void Sender::close() {
  if (std::exchange(state_->closed, true)) return;
  if (state_->link != nullptr) {
    pn_link_close(state_->link);
    state_->connection->wake();
  }
  state_->lost("the sender was closed");
}

}  // namespace bascule::amqp
