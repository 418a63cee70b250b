#include <proton/condition.h>
#include <proton/disposition.h>
#include <proton/terminus.h>

#include "bascule/amqp/credit.hpp"
#include "bascule/amqp/link.hpp"
#include "bascule/amqp/terminus.hpp"

namespace bascule::amqp {

profile::Wish Receiver::State::wish() const {
  profile::Wish made;
  made.address = options.address;
  made.capabilities = options.capabilities;
  made.link = name;
  made.durable = options.durable;
  return made;
}

void Receiver::State::attach(pn_session_t* session) {
  link = pn_receiver(session, plan.link.c_str());
  ++epoch;
  pn_link_set_context(link, static_cast<Link*>(this));
  auto* const source = pn_link_source(link);
  if (plan.dynamic) {
    pn_terminus_set_dynamic(source, true);
  } else {
    pn_terminus_set_address(source, plan.address.c_str());
  }
  if (plan.durable) {
    pn_terminus_set_durability(source, PN_DELIVERIES);
    pn_terminus_set_expiry_policy(source, PN_EXPIRE_NEVER);
  }
  if (options.browse) pn_terminus_set_distribution_mode(source, PN_DIST_MODE_COPY);
  set_capabilities(source, plan.capabilities);
  pn_terminus_set_type(pn_link_target(link), PN_TARGET);
  pn_link_set_snd_settle_mode(link, options.settled ? PN_SND_SETTLED : PN_SND_MIXED);
  pn_link_set_max_message_size(link, options.max_message_size);
  pn_link_open(link);
  wake();
}

void Receiver::State::on_remote_open() {
  auto* const source = pn_link_remote_source(link);
  attached = pn_terminus_get_type(source) != PN_UNSPECIFIED;
  if (!attached) return;
  refusal.clear();
  const char* const given = pn_terminus_get_address(source);
  address = given != nullptr ? given : plan.address;
  top_up();
  if (changed) changed(true);
}

void Receiver::State::lost(std::string_view) {
  link = nullptr;
  connection = nullptr;
  in_hand = 0;
  partial.clear();
  ++epoch;
  if (std::exchange(attached, false) && changed && !closed) changed(false);
}

void Receiver::State::top_up() {
  if (!attached) return;
  // What is in hand counts: credit is concurrency, so an unsettled message keeps its place until it is settled.
  const auto outstanding = in_hand + static_cast<std::uint32_t>(pn_link_credit(link));
  const auto most = std::min(options.credit, profile->max_credit());
  if (outstanding >= most) return;
  const auto missing = most - outstanding;
  // A FLOW for each message would double the frames: a quarter of the window at a time.
  if (missing * 4 < most) return;
  pn_link_flow(link, static_cast<int>(missing));
  wake();
}

void Receiver::State::on_delivery(pn_delivery_t* delivery) {
  if (!pn_delivery_readable(delivery)) {
    // The sender settled what we still hold: nothing is owed any more. Its owner's later settling is ignored by the engine.
    return;
  }
  if (pn_delivery_aborted(delivery)) {
    partial.clear();
    pn_delivery_settle(delivery);
    return;
  }
  const auto pending = pn_delivery_pending(delivery);
  auto& into = pn_delivery_partial(delivery) || !partial.empty() ? partial : whole;
  const auto before = &into == &partial ? partial.size() : 0;
  if (before + pending > options.max_message_size) {
    auto* const condition = pn_link_condition(link);
    pn_condition_set_name(condition, "amqp:link:message-size-exceeded");
    pn_condition_set_description(condition,
                                 ("a message exceeds " + std::to_string(options.max_message_size) + " bytes").c_str());
    pn_link_close(link);
    partial.clear();
    return wake();
  }
  into.resize(before + pending);
  if (pending > 0) pn_link_recv(link, into.data() + before, pending);
  if (pn_delivery_partial(delivery)) return;
  pn_link_advance(link);
  if (pn_link_remote_credit(link) < 0) take_back_credit(link);
  const bool settled = pn_delivery_settled(delivery);
  const auto message_epoch = epoch;
  if (!settled) ++in_hand;
  // The handler may close the receiver, and so destroy what it was given: it sees bytes that stay with this frame.
  std::string bytes = std::move(into);
  into.clear();
  if (settled) pn_delivery_settle(delivery);
  handler(Message{bytes, settled ? DeliveryRef{} : DeliveryRef{delivery, message_epoch}, settled});
  if (&into == &whole && whole.capacity() < bytes.capacity()) whole = std::move(bytes);
  if (message_epoch == epoch) top_up();
}

void Receiver::State::settle(DeliveryRef ref, std::uint64_t state) {
  if (!current(ref)) return;
  auto* const delivery = static_cast<pn_delivery_t*>(ref.delivery);
  pn_delivery_update(delivery, state);
  pn_delivery_settle(delivery);
  --in_hand;
  top_up();
  wake();
}

void Receiver::accept(DeliveryRef ref) { state_->settle(ref, PN_ACCEPTED); }

void Receiver::accept_early(DeliveryRef ref) {
  if (!state_->current(ref)) return;
  auto* const delivery = static_cast<pn_delivery_t*>(ref.delivery);
  pn_delivery_update(delivery, PN_ACCEPTED);
  pn_delivery_settle(delivery);
  state_->wake();
}

void Receiver::done(DeliveryRef ref) {
  if (ref.epoch != state_->epoch || state_->link == nullptr) return;
  --state_->in_hand;
  state_->top_up();
}

void Receiver::release(DeliveryRef ref, bool failed) {
  if (!state_->current(ref)) return;
  if (!failed && !state_->profile->outcomes().give_back_counts) return state_->settle(ref, PN_RELEASED);
  auto* const local = pn_delivery_local(static_cast<pn_delivery_t*>(ref.delivery));
  pn_disposition_set_failed(local, true);
  state_->settle(ref, PN_MODIFIED);
}

void Receiver::reject(DeliveryRef ref, const char* condition, std::string_view description) {
  if (!state_->current(ref)) return;
  auto* const c = pn_disposition_condition(pn_delivery_local(static_cast<pn_delivery_t*>(ref.delivery)));
  const auto& poison = state_->profile->outcomes().poison;
  pn_condition_set_name(c, poison.empty() ? condition : poison.c_str());
  pn_condition_set_description(c, std::string(description).c_str());
  state_->settle(ref, PN_REJECTED);
}

void Receiver::set_credit(std::uint32_t credit) {
  auto& s = *state_;
  const auto before = std::exchange(s.options.credit, credit);
  if (!s.attached) return;
  if (credit < before && pn_link_credit(s.link) > 0) {
    // A drain tells when no more will come.
    s.plan.drains ? pn_link_drain(s.link, 0) : take_back_credit(s.link);
    s.connection->wake();
  }
  s.top_up();
}

bool Receiver::attached() const noexcept { return state_->attached; }
const std::string& Receiver::address() const noexcept { return state_->address; }
const std::string& Receiver::refusal() const noexcept { return state_->refusal; }
std::uint32_t Receiver::in_hand() const noexcept { return state_->in_hand; }

void Receiver::close(bool forget) {
  auto& s = *state_;
  if (std::exchange(s.closed, true)) return;
  if (s.link != nullptr) {
    // DETACH keeps a durable subscription; DETACH with closed=true ends it.
    s.plan.durable && !forget ? pn_link_detach(s.link) : pn_link_close(s.link);
    s.connection->wake();
  }
  s.lost("closed");
}

}  // namespace bascule::amqp
