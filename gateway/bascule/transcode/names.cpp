#include "bascule/transcode/names.hpp"

#include <bit>

namespace bascule::transcode {

void Names::build(const std::vector<std::string_view>& names) {
  mask_ = std::bit_ceil(names.size() * 2 + 1) - 1;
  slots_.assign(mask_ + 1, {});
  for (std::uint32_t index = 0; index < names.size(); ++index) {
    std::uint64_t at = hash(names[index]) & mask_;
    while (slots_[at].index != none) at = (at + 1) & mask_;
    slots_[at] = {std::string(names[index]), index};
  }
}

std::uint32_t Names::find(std::string_view name) const noexcept {
  for (std::uint64_t at = hash(name) & mask_; slots_[at].index != none; at = (at + 1) & mask_) {
    if (slots_[at].name == name) return slots_[at].index;
  }
  return none;
}

// Head, tail and length tell the names of one struct apart; the table is at most half full, so a clash costs
// little.
std::uint64_t Names::hash(std::string_view name) noexcept {
  std::uint64_t head = 0, tail = 0;
  const std::size_t n = std::min<std::size_t>(name.size(), 8);
  if (n == 0) return 0;
  std::memcpy(&head, name.data(), n);
  std::memcpy(&tail, name.data() + name.size() - n, n);
  const std::uint64_t mixed = (head ^ std::rotl(tail, 29) ^ name.size()) * 0x9e3779b97f4a7c15;
  return mixed >> 40;
}

}  // namespace bascule::transcode
