// Whether two encoded values are equal, whatever the order their fields, elements and keys were written in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/transcode/schema.hpp"

namespace bascule::transcode {

/// The same value with fields by id, sets and maps in byte order, and no negative zero. The bytes must be a
/// value of the type (they were just written); anything else gives some bytes or none.
std::string canonical(const TypePlan& type, std::string_view value);

/// The index of a value that equals an earlier one, or count. get(i) is the i-th value's bytes.
template <class Get>
std::size_t find_duplicate(const TypePlan& type, std::size_t count, Get get) {
  if (count < 2) return count;
  if (type.canonical && count <= 8) {  // the common case, without memory of its own
    for (std::size_t i = 1; i < count; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (get(i) == get(j)) return i;
      }
    }
    return count;
  }
  std::vector<std::string> made;
  std::vector<std::string_view> values(count);
  if (!type.canonical) made.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = get(i);
    if (!type.canonical) values[i] = made[i] = canonical(type, values[i]);
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const int compared = values[a].compare(values[b]);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::size_t first = count;
  for (std::size_t i = 1; i < count; ++i) {
    if (values[order[i]] == values[order[i - 1]]) first = std::min(first, order[i]);
  }
  return first;
}

}  // namespace bascule::transcode
