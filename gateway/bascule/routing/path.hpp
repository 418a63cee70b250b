// Path: a request's path, normalised once; routing and authorisation see the same segments.
//
// What: split at '/' and percent-decoded once. Whatever two readers could take for two different paths is
// refused: an encoded '/', '\' or NUL, a dot segment in any spelling, an empty segment inside, bytes that are
// not UTF-8, control characters. A ';' is an ordinary character: there are no path parameters. Lifetime:
// segments are views into the raw path or into the Path itself; valid until the next normalise(). Thread
// safety: none of its own; reused from request to request for its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::routing {

enum class PathFault : std::uint8_t {
  none,
  not_absolute,       ///< does not start with '/'
  percent,            ///< '%' without two hexadecimal digits
  encoded_separator,  ///< %2F, %5C, %00, or a raw '\'
  text,               ///< not UTF-8, or a control character
  dot_segment,        ///< "." or ".." in any spelling
  empty_segment,      ///< "//"
  too_deep,           ///< more than max_segments
};
/// A sentence for the client: what is wrong and what to send instead.
std::string_view sentence(PathFault fault) noexcept;

struct Path {
  static constexpr std::size_t max_segments = 32;

  std::vector<std::string_view> segments;  ///< decoded; a trailing '/' gives an empty last one
  std::string_view last_raw;               ///< the last segment as sent: an encoded ':' is no verb

  PathFault normalise(std::string_view raw);

 private:
  PathFault add(std::string_view raw_segment, bool last);
  std::string decoded_;
};

}  // namespace bascule::routing
