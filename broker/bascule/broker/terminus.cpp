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
