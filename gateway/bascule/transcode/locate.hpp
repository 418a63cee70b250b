// From a byte offset in a JSON text to its JSON pointer, and other questions asked only once something is
// wrong.
//
// The fast path carries no path: it keeps the offset, and these read the text again. They take any bytes.
#pragma once

#include <string>
#include <string_view>

namespace bascule::transcode {

/// RFC 6901 pointer of the value or key at offset; of the value that holds it when it is between values.
std::string pointer_at(std::string_view json, std::size_t offset);
/// A pointer's next step: "/lines/0" and "a/b" give "/lines/0/a~1b".
void append_step(std::string& pointer, std::string_view step);

std::size_t first_bad_utf8(std::string_view text) noexcept;
std::size_t first_control_in_string(std::string_view json) noexcept;
/// Where the last string begins.
std::size_t last_string(std::string_view json) noexcept;

/// What kind of value begins with this byte: "a string", "an object", "the end".
std::string_view kind_at(char first) noexcept;

}  // namespace bascule::transcode
