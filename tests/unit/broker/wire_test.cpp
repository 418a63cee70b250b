#include "bascule/broker/wire.hpp"

#include <gtest/gtest.h>

namespace bascule::broker {
namespace {

TEST(Wire, ReadsBackWhatItWrites) {
  std::vector<std::uint8_t> items, bytes;
  Writer item(items);
  item.string("name");
  item.uint(7);
  item.uint(70'000);
  item.long_(-5);
  item.boolean(true);
  item.string(std::string(300, 'x'));
  Writer out(bytes);
  out.section(Section::properties);
  out.list(6, items);

  Reader reader(bytes);
  EXPECT_EQ(reader.section(), Section::properties);
  std::uint32_t count = 0;
  Reader list = reader.items(count);
  EXPECT_EQ(count, 6u);
  EXPECT_EQ(list.text(), "name");
  EXPECT_EQ(list.unsigned_integer(), 7u);
  EXPECT_EQ(list.unsigned_integer(), 70'000u);
  EXPECT_EQ(list.signed_integer(), -5);
  EXPECT_EQ(list.boolean(), true);
  EXPECT_EQ(list.text()->size(), 300u);
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(reader.empty());
  EXPECT_FALSE(reader.failed());
}

TEST(Wire, EveryTruncationFailsAndNoneReadsBeyond) {
  std::vector<std::uint8_t> items, bytes;
  Writer item(items);
  item.string("key");
  item.ulong(1);
  Writer out(bytes);
  out.map(2, items);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const std::vector<std::uint8_t> cut(bytes.begin(),
                                        bytes.begin() + static_cast<long>(n));  // exact: ASan sees a read behind
    Reader reader(cut);
    reader.value();
    EXPECT_TRUE(reader.failed()) << n;
  }
}

TEST(Wire, DeepNestingCostsNoStack) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 1'000'000; ++i)
    bytes.insert(bytes.end(), {0x00, 0x43});  // a value described by described values…
  bytes.push_back(0x40);
  Reader reader(bytes);
  EXPECT_EQ(reader.value().size(), bytes.size());
}

TEST(Wire, CountThatCannotBeIsRefused) {
  const std::vector<std::uint8_t> bytes{0xd0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40};
  std::uint32_t count = 0;
  Reader reader(bytes);
  Reader inside = reader.items(count);
  EXPECT_TRUE(reader.failed());
  EXPECT_TRUE(inside.failed());
}

TEST(Wire, WhatIsNoSectionFails) {
  for (const std::vector<std::uint8_t>& bytes :
       {std::vector<std::uint8_t>{0x53, 0x73}, {0x00, 0x53, 0x10}, {0x00}, {0x00, 0xa3, 1, 'x'}}) {
    Reader reader(bytes);
    EXPECT_FALSE(reader.section());
    EXPECT_TRUE(reader.failed());
  }
}

}  // namespace
}  // namespace bascule::broker
