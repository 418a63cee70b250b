// How the body of a call, a reply or an event is written, and the content-type that says so (docs/protocol.md).
//
// Header only, so that transports can name an encoding without the Thrift library. Pure, safe from any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bascule::thrift {

enum class Encoding : std::uint8_t {
  compact,  ///< a Thrift message, compact protocol
  binary,   ///< a Thrift message, binary protocol
  json,     ///< no Thrift message: the JSON document that a platform method answers with
};

/// "application/vnd.apache.thrift.compact", ".binary", or "application/json".
constexpr std::string_view content_type(Encoding encoding) noexcept {
  switch (encoding) {
    case Encoding::compact: break;
    case Encoding::binary: return "application/vnd.apache.thrift.binary";
    case Encoding::json: return "application/json";
  }
  return "application/vnd.apache.thrift.compact";
}

/// From a content-type; parameters and case are ignored. Empty when it is none of them. "application/x-thrift", which
/// Apache's HTTP clients send whatever the protocol, is none: see sniff() (envelope.hpp).
constexpr std::optional<Encoding> encoding_of(std::string_view type) noexcept {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  constexpr Encoding all[] = {Encoding::compact, Encoding::binary, Encoding::json};
  for (const auto encoding : all) {
    if (type == content_type(encoding)) return encoding;  // as nearly everybody spells it
  }
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; };
  for (const auto encoding : all) {
    const auto name = content_type(encoding);
    if (std::equal(type.begin(), type.end(), name.begin(), name.end(), same)) return encoding;
  }
  return std::nullopt;
}

}  // namespace bascule::thrift
