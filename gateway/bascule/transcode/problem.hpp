// What is wrong with a request's JSON or parameters, or with a reply's bytes: the data of an RFC 9457
// problem.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bascule::transcode {

enum class Wrong : std::uint8_t {
  none,
  syntax,     ///< not JSON: a missing comma, trailing bytes, a bad literal, an unclosed string, a byte order
              ///< mark
  utf8,       ///< bytes that are not UTF-8
  escape,     ///< a bad escape in a string, a lone surrogate included
  depth,      ///< nested too deep
  type,       ///< the JSON value is of another kind than the contract's type
  range,      ///< a number outside its type
  format,     ///< text that is no base64, UUID, number or enum name
  unknown,    ///< a field that the contract does not have
  missing,    ///< a required field or parameter is absent
  duplicate,  ///< the same key, set element or map key twice; or a parameter given twice
  one_of,     ///< a union without exactly one member
  check,      ///< a vt.* check of the contract does not hold
  size,       ///< the message would be over its limit
  thrift,     ///< the bytes of a reply are not the message that the contract says
};

/// Short and stable: "unknown_field".
std::string_view to_string(Wrong wrong) noexcept;

/// Where the value came from.
enum class Source : std::uint8_t { body, path, query, header, cookie, reply };
std::string_view to_string(Source source) noexcept;

struct Problem {
  Wrong wrong = Wrong::none;
  Source source = Source::body;
  std::string pointer;     ///< body: the JSON pointer (RFC 6901), empty for the whole; a parameter: its name
  std::string what;        ///< one sentence: "expected an i32, found a string"
  std::string expected;    ///< what would be right, when it can be said: "an integer from -128 to 127"
  std::size_t offset = 0;  ///< the byte in the body or reply
};

}  // namespace bascule::transcode
