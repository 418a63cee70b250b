// Pattern: an address pattern of a subscription: words between dots, `*` for one word, `#` for any number of
// words.
#pragma once

#include <string_view>

namespace bascule::broker {

/// Takes the word in front of the first dot off `rest`; `more`: whether a dot followed it, and so another word (perhaps empty).
std::string_view take_word(std::string_view& rest, bool& more) noexcept;
/// Whether the address is a pattern rather than a name.
bool is_pattern(std::string_view address) noexcept;
/// `events.shop.*` matches `events.shop.OrderPlaced`; `events.#` matches it, `events` and `events.a.b.c`.
bool matches(std::string_view pattern, std::string_view address) noexcept;

}  // namespace bascule::broker
