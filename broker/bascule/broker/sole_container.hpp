// "sole-connection-for-container": a client that wants its container-id for itself, as JMS wants its client identifier.
// Source: AMQP Enforcing Connection Uniqueness 1.0; AMQP 1.0, 2.7.1 and 2.8.16. Thread safety: the connection's loop.
#pragma once

#include <proton/connection.h>

namespace bascule::broker {

inline constexpr const char* sole_connection = "sole-connection-for-container";

/// Whether the peer's OPEN desires it.
bool wants_to_be_sole(pn_connection_t* connection);
/// OPEN that says that it will be followed by a refusal, and the field at fault for the error of CLOSE.
void open_to_refuse_container(pn_connection_t* connection);

}  // namespace bascule::broker
