#include <array>

#include "bascule/amqp/format_code.hpp"
#include "bascule/amqp/reader.hpp"

namespace bascule::amqp {

bool within_limits(Bytes bytes, std::uint32_t max_nodes, std::uint32_t max_depth) noexcept {
  constexpr std::uint32_t deepest = 64;
  struct Level {
    const std::uint8_t* end;
    std::uint32_t count;   // items left
    std::uint8_t element;  // 0: each item has a constructor of its own; otherwise the array's
  };
  std::array<Level, deepest> stack;
  std::uint32_t depth = 0, nodes = 0;
  if (max_depth >= deepest) max_depth = deepest - 1;
  const std::uint8_t* at = bytes.data();
  stack[0] = {at + bytes.size(), UINT32_MAX, 0};
  while (true) {
    Level& level = stack[depth];
    // Scalars in a row, which is what performatives are made of, without the bookkeeping of what nests.
    if (depth != 0 && level.element == 0) {
      for (; level.count != 0 && at != level.end && *at != 0 && *at < 0xc0; --level.count) {
        const auto size = body_size(*at, at + 1, static_cast<std::size_t>(level.end - at) - 1);
        if (size == no_size || ++nodes > max_nodes) return false;
        at += 1 + size;
      }
    }
    if (level.count == 0 || (depth == 0 && at == level.end)) {
      if (at != level.end) return false;
      if (depth == 0) return true;
      --depth;
      continue;
    }
    if (depth != 0) --level.count;
    if (++nodes > max_nodes) return false;
    const std::uint8_t* const end = level.end;
    std::uint8_t code = level.element;
    if (code == 0) {
      // Descriptors are values of their own: 0x00 only says that two more follow.
      if (at == end) return false;
      code = *at++;
      if (code == 0) {
        if (depth != 0) {
          if (level.count > UINT32_MAX - 2) return false;
          level.count += 2;
        }
        continue;
      }
    }
    const auto left = static_cast<std::size_t>(end - at);
    const auto size = body_size(code, at, left);
    if (size == no_size) return false;
    const bool array = code == 0xe0 || code == 0xf0;
    const bool compound = code == 0xc0 || code == 0xc1 || code == 0xd0 || code == 0xd1;
    if (!array && !compound) {
      at += size;
      continue;
    }
    const std::size_t width = code == 0xc0 || code == 0xc1 || code == 0xe0 ? 1 : 4;
    if (size < 2 * width || ++depth > max_depth) return false;
    Level inner{at + size, static_cast<std::uint32_t>(load(at + width, width)), 0};
    at += 2 * width;
    if (array) {
      if (at == inner.end) return false;
      inner.element = *at++;
      // An array of described elements carries its descriptor once; nothing we speak uses one.
      if (inner.element == 0 || inner.count > max_nodes) return false;
    } else if (code == 0xc1 || code == 0xd1) {
      if (inner.count % 2 != 0) return false;
    }
    stack[depth] = inner;
  }
}

}  // namespace bascule::amqp
