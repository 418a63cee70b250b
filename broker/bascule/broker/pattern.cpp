#include "bascule/broker/pattern.hpp"

namespace bascule::broker {
std::string_view take_word(std::string_view& rest, bool& more) noexcept {
  const auto dot = rest.find('.');
  more = dot != std::string_view::npos;
  const auto word = rest.substr(0, dot);
  rest = more ? rest.substr(dot + 1) : std::string_view{};
  return word;
}

bool is_pattern(std::string_view address) noexcept {
  for (bool more = !address.empty(); more;) {
    const auto word = take_word(address, more);
    if (word == "*" || word == "#") return true;
  }
  return false;
}

// Greedy with one point of return, the last `#`: linear in pattern times address, whatever a client writes.
bool matches(std::string_view pattern, std::string_view address) noexcept {
  bool more_pattern = true, more_address = true;
  std::string_view retry_pattern, retry_address;
  bool retry_more_pattern = false, retry_more_address = false, can_retry = false;
  for (;;) {
    if (more_pattern) {
      std::string_view pattern_rest = pattern;
      bool pattern_left = false;
      const auto word = take_word(pattern_rest, pattern_left);
      if (word == "#") {
        if (!pattern_left) return true;
        pattern = pattern_rest;
        can_retry = true;
        retry_pattern = pattern;
        retry_more_pattern = true;
        retry_address = address;
        retry_more_address = more_address;
        continue;
      }
      if (more_address) {
        std::string_view address_rest = address;
        bool address_left = false;
        if (const auto name = take_word(address_rest, address_left); word == "*" || word == name) {
          pattern = pattern_rest;
          more_pattern = pattern_left;
          address = address_rest;
          more_address = address_left;
          continue;
        }
      }
    } else if (!more_address) {
      return true;
    }
    if (!can_retry || !retry_more_address) return false;
    take_word(retry_address, retry_more_address);  // the `#` takes one word more
    pattern = retry_pattern;
    more_pattern = retry_more_pattern;
    address = retry_address;
    more_address = retry_more_address;
  }
}

}  // namespace bascule::broker
