#include <gtest/gtest.h>

#include "bascule/amqp/encoding.hpp"

namespace bascule::amqp {
namespace {

using namespace std::string_view_literals;

TEST(AmqpEncoding, ScalarsRoundTrip) {
  std::string bytes;
  Writer w(bytes);
  w.null();
  w.boolean(true);
  w.uint(0);
  w.uint(255);
  w.uint(70000);
  w.ulong(1ull << 40);
  w.slong(-5);
  w.slong(INT64_MIN);
  w.double_(-0.5);
  w.timestamp(1'700'000'000'000);
  w.string("grüß");
  w.symbol("sym");
  w.binary(std::string(300, 'x'));
  Reader r(bytes);
  EXPECT_EQ(r.value().index(), 0u);
  EXPECT_EQ(std::get<bool>(r.value()), true);
  EXPECT_EQ(std::get<std::uint64_t>(r.value()), 0u);
  EXPECT_EQ(std::get<std::uint64_t>(r.value()), 255u);
  EXPECT_EQ(std::get<std::uint64_t>(r.value()), 70000u);
  EXPECT_EQ(std::get<std::uint64_t>(r.value()), 1ull << 40);
  EXPECT_EQ(std::get<std::int64_t>(r.value()), -5);
  EXPECT_EQ(std::get<std::int64_t>(r.value()), INT64_MIN);
  EXPECT_EQ(std::get<double>(r.value()), -0.5);
  EXPECT_EQ(std::get<Timestamp>(r.value()).milliseconds, 1'700'000'000'000);
  EXPECT_EQ(std::get<std::string_view>(r.value()), "grüß");
  EXPECT_EQ(std::get<Symbol>(r.value()).text, "sym");
  EXPECT_EQ(std::get<Binary>(r.value()).bytes.size(), 300u);
  EXPECT_TRUE(r.at_end());
  EXPECT_TRUE(r.ok());
}

TEST(AmqpEncoding, EveryTruncationFailsAndNeverReadsBeyond) {
  std::string bytes;
  Writer w(bytes);
  const auto mark = w.begin_list();
  w.string("hello");
  w.ulong(1ull << 33);
  w.end(mark, 2);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const std::string cut = bytes.substr(0, n);  // its own allocation: ASan sees a read beyond
    Reader r(cut);
    EXPECT_FALSE(r.list()) << "cut at " << n;
    EXPECT_FALSE(r.ok());
  }
}

TEST(AmqpEncoding, CountBeyondTheItemsIsRefused) {
  Reader r("\xc0\x02\xff\x40"sv);  // list8, size 2, count 255, one item
  EXPECT_FALSE(r.list());
}

TEST(AmqpEncoding, UnknownFormatCodeFails) {
  for (const char* code : {"\x01", "\x3f"}) {
    Reader r(std::string_view(code, 1));
    EXPECT_TRUE(r.raw().empty());
    EXPECT_FALSE(r.ok());
  }
}

TEST(AmqpEncoding, DescribedDescriptorsAreBounded) {
  const std::string bomb(100'000, '\0');
  Reader r(bomb);
  EXPECT_FALSE(r.skip());
}

TEST(AmqpLimits, OrdinaryValuesPass) {
  std::string bytes;
  Writer w(bytes);
  const auto list = w.begin_list();
  w.descriptor(0x28);
  const auto inner = w.begin_list();
  w.string("/address");
  w.end(inner, 1);
  const auto map = w.begin_map();
  w.symbol("key");
  w.boolean(true);
  w.end(map, 2);
  w.raw(
      "\xe0\x06\x02\xa3\x01"
      "a\x01"
      "b"sv);  // array of two symbols
  // A described value is one item of its list.
  w.end(list, 3);
  EXPECT_TRUE(within_limits(bytes, 64, 8));
}

TEST(AmqpLimits, ZeroWidthArrayBombIsRefused) {
  // array32: size 5, count 2^32-1, element constructor null: nine bytes that claim four billion values.
  EXPECT_FALSE(within_limits("\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40"sv, 1024, 32));
  EXPECT_FALSE(within_limits("\xf0\x00\x00\x00\x05\x00\x00\x10\x00\x45"sv, 1024, 32));
  EXPECT_TRUE(within_limits("\xf0\x00\x00\x00\x05\x00\x00\x00\x10\x40"sv, 1024, 32));
}

TEST(AmqpLimits, NestingBeyondTheDepthIsRefused) {
  std::string bytes = "\x40";
  for (int i = 0; i < 33; ++i) {
    std::string outer;
    Writer w(outer);
    const auto mark = w.begin_list();
    w.raw(bytes);
    w.end(mark, 1);
    bytes = outer;
  }
  EXPECT_FALSE(within_limits(bytes, 1024, 32));
  EXPECT_TRUE(within_limits(bytes, 1024, 33));
}

TEST(AmqpLimits, OddMapAndWrongLengthAreRefused) {
  EXPECT_FALSE(within_limits("\xc1\x02\x01\x40"sv, 64, 8));      // map of one
  EXPECT_FALSE(within_limits("\xc0\x03\x01\x40\x40"sv, 64, 8));  // list of one, two given
  EXPECT_FALSE(within_limits("\xc0\x05\x01\x40"sv, 64, 8));      // size beyond the end
}

}  // namespace
}  // namespace bascule::amqp
