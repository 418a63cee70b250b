// Percent-decoding (RFC 3986, 2.1), and the UTF-8 that must come of it.
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bascule::routing {

/// The byte that "%41" at the start of `text` stands for; nullopt when it is not '%' and two hexadecimal
/// digits.
std::optional<char> decode_octet(std::string_view text) noexcept;
/// Appends `text` decoded; false at a bad escape. `plus_is_space`: in queries.
bool decode(std::string_view text, bool plus_is_space, std::string& to);
/// Well-formed UTF-8 (Unicode table 3-7: no overlong form, no surrogate) without control characters.
bool is_clean_utf8(std::string_view text) noexcept;

}  // namespace bascule::routing
