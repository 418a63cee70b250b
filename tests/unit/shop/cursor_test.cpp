#include "shop_shared/cursor.hpp"

#include <gtest/gtest.h>

namespace shop {
namespace {

TEST(Cursor, GoesRound) {
  for (const std::int64_t id : {std::int64_t{1}, std::int64_t{42}, INT64_MAX})
    EXPECT_EQ(read_cursor(cursor_after(id)), id);
  EXPECT_EQ(read_cursor(""), std::nullopt);
}

TEST(Cursor, WhatNoListGaveOutIsRefused) {
  for (const std::string cursor : {"x", "1x", " 1", "0", "-1", "9223372036854775808"}) {
    EXPECT_THROW(read_cursor(cursor), BadCursor) << cursor;
  }
  EXPECT_THROW(read_cursor(std::string("1\0", 2)), BadCursor);
}

}  // namespace
}  // namespace shop
