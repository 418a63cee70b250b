// SASLprep (RFC 4013): the one form that names and passwords have in SASL, whatever keyboard they were typed on: composed
// (NFKC), without what is not seen; control characters and the like are prohibited. By libidn.
//
// Unassigned code points (of Unicode 3.2) are refused in what is stored, and let through in what is asked (RFC 3454, 7).
// Pure; thread safety: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::amqp {

enum class Prepared : std::uint8_t { query, stored };

/// None when `text` is not UTF-8, has something prohibited, mixes directions, is over 1,024 bytes, or nothing is left of
/// it.
std::optional<std::string> saslprep(std::string_view text, Prepared as);

}  // namespace bascule::amqp
