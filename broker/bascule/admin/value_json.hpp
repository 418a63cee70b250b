// AMQP values and messages as JSON, for people to read; what is exact is the message's own bytes (`encoded`).
//
// A symbol, uuid and timestamp (RFC 3339) are strings, binary is base64, a described value is its value, a map's key is a
// string; what JSON has no word for (decimals, arrays, nesting deeper than max_depth) is {"amqp": base64 of the encoding}.
// Thread safety: pure functions. Source: AMQP 1.0, parts 1.6 and 3.2.
#pragma once

#include <cstdint>

#include "bascule/amqp/reader.hpp"
#include "bascule/telemetry/json_text.hpp"

namespace bascule::admin {

inline constexpr int max_depth = 16;
inline constexpr std::size_t shown_body = 16U << 10;  ///< bytes of a body

/// The next value.
void write_value(telemetry::JsonText& json, amqp::Reader& reader, int depth = 0);
/// Members "properties", "annotations", "application_properties", "body", "body_encoding", "body_bytes" and, when not all
/// of it is shown, "body_truncated", into the object that is open. `body`: the sections behind the header. `elsewhere`: how
/// many bytes of the body are not among them.
void write_message(telemetry::JsonText& json, amqp::Bytes body, std::uint64_t elsewhere);
/// "2026-11-23T10:00:00.000Z"; milliseconds since the Unix epoch.
std::string rfc3339(std::int64_t milliseconds);

}  // namespace bascule::admin
