// Appends JSON to a line of log: escaped strings and "key":value pairs. No DOM, no allocation but the line's
// own. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bascule::telemetry {

/// Appends `text` as the inside of a JSON string (without quotes). Control characters, quotes and backslashes
/// are escaped; bytes that are not UTF-8 become U+FFFD, so that a line is always valid JSON.
void append_escaped(std::string& line, std::string_view text);
/// Appends `"text"`.
void append_quoted(std::string& line, std::string_view text);
void append_number(std::string& line, std::int64_t value);
void append_number(std::string& line, std::uint64_t value);
/// NaN and infinities become null: JSON has none.
void append_number(std::string& line, double value);

}  // namespace bascule::telemetry
