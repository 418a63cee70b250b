#include "bascule/broker/terminus.hpp"

#include <proton/codec.h>
#include <proton/condition.h>

namespace bascule::broker {
namespace {

void note(Capabilities& found, pn_bytes_t symbol) {
  const std::string_view name(symbol.start, symbol.size);
  if (name == "queue" || name == "temporary-queue") found.queue = true;
  if (name == "topic") found.topic = true;
  if (name == "temporary-topic") found.topic = found.temporary_topic = true;
  if (name == "shared") found.shared = true;
  if (name == "global") found.global = true;
}

}  // namespace

Capabilities read_capabilities(pn_terminus_t* terminus) {
  Capabilities found;
  pn_data_t* data = pn_terminus_capabilities(terminus);
  pn_data_rewind(data);
  if (!pn_data_next(data)) return found;
  if (pn_data_type(data) == PN_SYMBOL) {
    note(found, pn_data_get_symbol(data));
  } else if ((pn_data_type(data) == PN_ARRAY || pn_data_type(data) == PN_LIST) && pn_data_enter(data)) {
    while (pn_data_next(data)) {
      if (pn_data_type(data) == PN_SYMBOL) note(found, pn_data_get_symbol(data));
    }
    pn_data_exit(data);
  }
  return found;
}

Expiry read_expiry(pn_terminus_t* source) {
  using When = Expiry::When;
  const auto seconds = pn_terminus_get_timeout(source);
  if (!pn_terminus_has_expiry_policy(source)) {
    const bool durable = pn_terminus_get_durability(source) != PN_NONDURABLE;
    return durable && seconds == 0 ? Expiry{When::never} : Expiry{When::link_detach, seconds};
  }
  switch (pn_terminus_get_expiry_policy(source)) {
    case PN_EXPIRE_NEVER: return {When::never};
    case PN_EXPIRE_WITH_CONNECTION: return {When::connection_close, seconds};
    case PN_EXPIRE_WITH_SESSION: return {When::session_end, seconds};
    case PN_EXPIRE_WITH_LINK: break;
  }
  return {When::link_detach, seconds};
}

void state_terminus(pn_terminus_t* ours, bool durable, const Expiry& expiry) {
  constexpr pn_expiry_policy_t policies[] = {PN_EXPIRE_WITH_LINK, PN_EXPIRE_WITH_SESSION, PN_EXPIRE_WITH_CONNECTION,
                                             PN_EXPIRE_NEVER};
  // The state of deliveries is never kept: a link that comes back has no unsettled ones.
  pn_terminus_set_durability(ours, durable ? PN_CONFIGURATION : PN_NONDURABLE);
  pn_terminus_set_expiry_policy(ours, policies[static_cast<std::size_t>(expiry.when)]);
  pn_terminus_set_timeout(ours, expiry.seconds);
}

LinkError refusal_error(Refusal refusal, std::string_view address) {
  const std::string name = "'" + std::string(address.substr(0, 200)) + "'";
  switch (refusal) {
    case Refusal::not_found:
      return {"amqp:not-found",
              "there is no node " + name + "; declare it, or let the broker create it (broker.auto_create)"};
    case Refusal::wrong_kind:
      return {"amqp:precondition-failed",
              name + " is of the other kind; attach with capability 'queue' to a queue and 'topic' to a topic"};
    case Refusal::too_many:
      return {"amqp:resource-limit-exceeded",
              "no room for node " + name + "; raise broker.max_nodes or delete unused nodes"};
    case Refusal::bad_address:
      return {"amqp:invalid-field",
              "address " + name + " is empty, longer than 1024 bytes, or a pattern where a name is needed"};
    case Refusal::in_use:
      return {"amqp:precondition-failed",
              "a subscription to " + name + " of this name has another selector or no-local, and consumers"};
    case Refusal::not_owner:
      return {"amqp:unauthorized-access", "the subscription to " + name +
                                              " that this link's name and container-id stand for is another user's; "
                                              "use another name, or be allowed to `manage` that address"};
    case Refusal::disk_full:
      return {"amqp:resource-limit-exceeded", "the broker's disk is full: the subscription to " + name +
                                                  " cannot be made durable until there is space"};
    case Refusal::none: break;
  }
  return {};
}

void close_link(pn_link_t* link, const LinkError& error) {
  pn_condition_t* condition = pn_link_condition(link);
  pn_condition_set_name(condition, error.condition);
  pn_condition_set_description(condition, error.description.c_str());
  pn_link_close(link);
}

void refuse_link(pn_link_t* link, const LinkError& error) {
  // The local termini are left unset; the side that failed is null on the wire.
  pn_terminus_set_type(pn_link_is_sender(link) ? pn_link_source(link) : pn_link_target(link), PN_UNSPECIFIED);
  pn_link_open(link);
  close_link(link, error);
}

}  // namespace bascule::broker
