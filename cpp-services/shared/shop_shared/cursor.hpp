// Cursors of lists in order of id: the id of the last item of a page. Clients treat them as opaque.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "shop/errors_types.h"

namespace shop {

inline std::string cursor_after(std::int64_t id) { return std::to_string(id); }

/// The id to go on after; nothing for the first page. Throws BadCursor for what cursor_after() never made.
inline std::optional<std::int64_t> read_cursor(const std::string& cursor) {
  if (cursor.empty()) return std::nullopt;
  std::int64_t id = 0;
  const auto* const end = cursor.data() + cursor.size();
  const auto [stop, error] = std::from_chars(cursor.data(), end, id);
  if (error != std::errc() || stop != end || id <= 0) {
    BadCursor wrong;
    wrong.message = "cursor \"" + cursor + "\" was not given out by this list; leave it out to begin at the start";
    throw wrong;
  }
  return id;
}

}  // namespace shop
