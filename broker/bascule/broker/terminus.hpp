// Reading what a link asks for in its source or target, and the error conditions that refuse it.
#pragma once

#include <proton/link.h>
#include <proton/terminus.h>

#include <string>
#include <string_view>
#include <vector>

#include "bascule/broker/router.hpp"

namespace bascule::broker {

/// Terminus capabilities this broker knows.
struct Capabilities {
  bool queue = false, topic = false, shared = false, global = false, temporary_topic = false;
};
Capabilities read_capabilities(pn_terminus_t* terminus);

/// Why a link is refused: an error condition as the specification spells it, and a sentence.
struct LinkError {
  const char* condition = nullptr;
  std::string description;
};
/// How long what a link reads from outlives it. A source that is `durable` and says nothing of expiring stays: so does
/// every client mean it that sets `durable` alone (the specification would end it with the session).
Expiry read_expiry(pn_terminus_t* source);
/// Says in our answer what the terminus really is, whatever was asked for.
void state_terminus(pn_terminus_t* ours, bool durable, const Expiry& expiry);
LinkError refusal_error(Refusal refusal, std::string_view address);

/// Answers ATTACH with a null source or target and DETACH with the error, as AMQP 1.0 (2.6.3) has it.
void refuse_link(pn_link_t* link, const LinkError& error);
/// Ends an open link with an error.
void close_link(pn_link_t* link, const LinkError& error);

}  // namespace bascule::broker
