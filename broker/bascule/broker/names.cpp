#include "bascule/broker/names.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace bascule::broker {

std::string unguessable_name(std::string_view prefix) {
  std::array<std::uint8_t, 16> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    throw std::system_error(errno, std::generic_category(), "broker: getrandom failed, cannot name a dynamic node");
  }
  static constexpr char digits[] = "0123456789abcdef";
  std::string name(prefix);
  for (const std::uint8_t byte : random) {
    name += digits[byte >> 4];
    name += digits[byte & 0xf];
  }
  return name;
}

}  // namespace bascule::broker
