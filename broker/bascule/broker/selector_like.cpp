#include "bascule/broker/selector_like.hpp"

namespace bascule::broker::selector {

char32_t take_character(std::string_view& text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80         ? 1
                           : first >> 5 == 0x6  ? 2
                           : first >> 4 == 0xe  ? 3
                           : first >> 3 == 0x1e ? 4
                                                : 1;
  char32_t character = size == 1 ? first : first & (0xffU >> (size + 1));
  bool whole = size <= text.size();
  for (std::size_t i = 1; whole && i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    whole = next >> 6 == 0x2;
    character = character << 6 | (next & 0x3f);
  }
  text.remove_prefix(whole ? size : 1);
  // What is no UTF-8 stands apart from every character.
  return whole && (size > 1 || first < 0x80) ? character : 0x110000U + first;
}

std::optional<LikePattern> LikePattern::compile(std::string_view pattern, std::optional<char32_t> escape) {
  LikePattern made;
  while (!pattern.empty()) {
    char32_t character = take_character(pattern);
    if (escape && character == *escape) {
      if (pattern.empty()) return {};
      character = take_character(pattern);
      if (character != U'_' && character != U'%' && character != *escape) return {};
      made.items_.push_back(character);
    } else if (character == U'%') {
      if (made.items_.empty() || made.items_.back() != many) made.items_.push_back(many);
    } else {
      made.items_.push_back(character == U'_' ? one : character);
    }
  }
  return made;
}

// Greedy with one point of return, the last `%`.
bool LikePattern::matches(std::string_view text) const noexcept {
  std::size_t item = 0, retry_item = 0;
  std::string_view retry_text;
  bool can_retry = false;
  for (;;) {
    if (item < items_.size() && items_[item] == many) {
      if (++item == items_.size()) return true;
      can_retry = true;
      retry_item = item;
      retry_text = text;
      continue;
    }
    if (item == items_.size() && text.empty()) return true;
    if (item < items_.size() && !text.empty()) {
      const char32_t character = take_character(text);
      if (items_[item] == one || items_[item] == character) {
        ++item;
        continue;
      }
    }
    if (!can_retry || retry_text.empty()) return false;
    take_character(retry_text);
    item = retry_item;
    text = retry_text;
  }
}

}  // namespace bascule::broker::selector
