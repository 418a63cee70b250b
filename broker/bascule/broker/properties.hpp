// Reading a message's properties and application properties, for the few cases in which the broker must look
// inside.
//
// Views into the message's bytes: valid while it lives. Absent and malformed are told apart only where it
// matters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bascule/broker/wire.hpp"

namespace bascule::broker {

/// The properties section (AMQP 1.0, 3.2.4); identifiers stay encoded because they may be of four types.
struct Properties {
  Bytes message_id;      ///< empty: absent
  Bytes correlation_id;  ///< empty: absent
  std::string_view to, subject, reply_to, group_id;
};

/// None when the sections up to the properties are malformed. A message without properties gives empty ones.
std::optional<Properties> read_properties(Bytes body) noexcept;
/// The encoded value of one field of the properties, counted from 0; empty when absent or malformed.
Bytes read_property(Bytes body, std::uint32_t field) noexcept;
/// A message-id or correlation-id as text, as the AMQP JMS mapping writes it: a string as it is, else
/// "ID:AMQP_ULONG:42", "ID:AMQP_UUID:…", "ID:AMQP_BINARY:…" (hexadecimal). Empty for anything else.
std::string identifier_text(Bytes encoded);
/// The property `to` alone: what the anonymous relay routes by. Empty when absent or malformed.
std::string_view read_to(Bytes body) noexcept;
/// The property `user-id` alone. Empty when absent or malformed.
std::string_view read_user_id(Bytes body) noexcept;
/// A hash of the group-id, the same in every version (it is stored); 0: none, or malformed.
std::uint32_t group_hash(Bytes body) noexcept;
/// The encoded value of a section's map entry (message annotations, application properties); empty when
/// absent.
Bytes find_in_map(Bytes body, Section section, std::string_view key) noexcept;

}  // namespace bascule::broker
