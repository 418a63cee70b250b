#include <gtest/gtest.h>

#include "bascule/amqp/reader.hpp"
#include "bascule/amqp/writer.hpp"

namespace bascule::amqp {
namespace {

using namespace std::string_view_literals;

TEST(AmqpCodec, ScalarsRoundTrip) {
  std::string bytes;
  Writer w(bytes);
  w.null();
  w.boolean(true);
  w.uint(0);
  w.uint(255);
  w.uint(70000);
  w.ulong(1ull << 40);
  w.long_(-5);
  w.long_(INT64_MIN);
  w.double_(-0.5);
  w.timestamp(1'700'000'000'000);
  w.string("grüß");
  w.symbol("sym");
  w.binary(std::string(300, 'x'));
  Reader r(bytes);
  EXPECT_EQ(r.scalar().index(), 0u);
  EXPECT_EQ(std::get<bool>(r.scalar()), true);
  EXPECT_EQ(std::get<std::uint64_t>(r.scalar()), 0u);
  EXPECT_EQ(std::get<std::uint64_t>(r.scalar()), 255u);
  EXPECT_EQ(std::get<std::uint64_t>(r.scalar()), 70000u);
  EXPECT_EQ(std::get<std::uint64_t>(r.scalar()), 1ull << 40);
  EXPECT_EQ(std::get<std::int64_t>(r.scalar()), -5);
  EXPECT_EQ(std::get<std::int64_t>(r.scalar()), INT64_MIN);
  EXPECT_EQ(std::get<double>(r.scalar()), -0.5);
  EXPECT_EQ(std::get<Timestamp>(r.scalar()).milliseconds, 1'700'000'000'000);
  EXPECT_EQ(std::get<std::string_view>(r.scalar()), "grüß");
  EXPECT_EQ(std::get<Symbol>(r.scalar()).text, "sym");
  EXPECT_EQ(std::get<Binary>(r.scalar()).bytes.size(), 300u);
  EXPECT_TRUE(r.empty());
  EXPECT_FALSE(r.failed());
}

TEST(AmqpCodec, EveryTruncationFailsAndNeverReadsBeyond) {
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
    EXPECT_TRUE(r.failed());
  }
}

TEST(AmqpCodec, CountBeyondTheItemsIsRefused) {
  Reader r("\xc0\x02\xff\x40"sv);  // list8, size 2, count 255, one item
  EXPECT_FALSE(r.list());
}

TEST(AmqpCodec, UnknownFormatCodeFails) {
  for (const char* code : {"\x01", "\x3f"}) {
    Reader r(std::string_view(code, 1));
    EXPECT_TRUE(r.value().empty());
    EXPECT_TRUE(r.failed());
  }
}

TEST(AmqpCodec, DescribedDescriptorsCostNoStack) {
  const std::string bomb(100'000, '\0');  // descriptors that never end
  Reader endless(bomb);
  EXPECT_FALSE(endless.skip());
  std::string nested;
  for (int i = 0; i < 1'000'000; ++i) nested += "\x00\x43"sv;  // a value described by described values
  nested += '\x40';
  Reader deep(nested);
  EXPECT_EQ(deep.value().size(), nested.size());
}

TEST(AmqpCodec, WritesTheSameToAStringAndToBytes) {
  std::string text;
  std::vector<std::uint8_t> bytes;
  const auto write = [](auto writer) {
    writer.section(Section::properties);
    const auto mark = writer.begin_map();
    writer.symbol("key");
    writer.int_(-40'000);
    writer.value(Timestamp{-1});
    writer.value(0.25);
    writer.end(mark, 4);
    writer.list(2, as_bytes("\x40\x41"sv));
    writer.map(256, std::vector<std::uint8_t>(300, 0x40));
  };
  write(Writer(text));
  write(BasicWriter<std::vector<std::uint8_t>>(bytes));
  EXPECT_EQ(as_text(bytes), text);
}

TEST(AmqpCodec, IntegersOfEveryWidthReadAsOne) {
  const auto read = [](std::string_view encoded) { return Reader(encoded).signed_integer(); };
  EXPECT_EQ(read("\x43"sv), 0);
  EXPECT_EQ(read("\x50\xff"sv), 255);
  EXPECT_EQ(read("\x51\xff"sv), -1);
  EXPECT_EQ(read("\x54\x80"sv), -128);
  EXPECT_EQ(read("\x55\x7f"sv), 127);
  EXPECT_EQ(read("\x60\x01\x00"sv), 256);
  EXPECT_EQ(read("\x61\xff\xfe"sv), -2);
  EXPECT_EQ(read("\x71\xff\xff\xff\xfd"sv), -3);
  EXPECT_EQ(read("\x83\xff\xff\xff\xff\xff\xff\xff\xfc"sv), -4);
  EXPECT_EQ(read("\xa1\x01\x35"sv), std::nullopt);
  EXPECT_EQ(Reader("\x70\x00\x01\x00\x00"sv).unsigned_integer(), 65536u);
  EXPECT_EQ(Reader("\x55\x01"sv).unsigned_integer(), std::nullopt) << "a long is none";
}

TEST(AmqpCodec, TextIsNoBinary) {
  for (const auto& [encoded, text] : {std::pair("\xa1\x01x"sv, true),
                                      {"\xa3\x01x"sv, true},
                                      {"\xa0\x01x"sv, false},
                                      {"\xb0\x00\x00\x00\x01x"sv, false},
                                      {"\xb3\x00\x00\x00\x01x"sv, true}}) {
    EXPECT_EQ(Reader(encoded).text().has_value(), text);
    EXPECT_EQ(Reader(encoded).bytes(), "x");
  }
  Reader other("\x41\x41"sv);
  EXPECT_EQ(other.bytes(), std::nullopt);
  EXPECT_EQ(other.left(), 1u) << "what is not text is stepped over once";
}

TEST(AmqpCodec, ItemsEntersListsMapsAndNulls) {
  for (const auto& [encoded, expected] :
       {std::pair("\x40"sv, 0u), {"\x45"sv, 0u}, {"\xc0\x02\x01\x41"sv, 1u}, {"\xc1\x03\x02\x41\x42"sv, 2u}}) {
    std::uint32_t count = 9;
    Reader reader(encoded);
    Reader inside = reader.items(count);
    EXPECT_EQ(count, expected);
    EXPECT_FALSE(inside.failed() || reader.failed());
    EXPECT_EQ(inside.left(), expected);
  }
  for (const auto encoded :
       {"\xd0\x00\x00\x00\x05\xff\xff\xff\xff\x40"sv, "\x41"sv, "\xd0\x00\x00\x00\x03\x00\x00\x00"sv, ""sv}) {
    std::uint32_t count = 9;
    Reader reader(encoded);
    Reader inside = reader.items(count);
    EXPECT_TRUE(reader.failed() && inside.failed());
    EXPECT_EQ(count, 0u);
  }
}

TEST(AmqpCodec, ListsAndMapsAreToldApart) {
  EXPECT_FALSE(Reader("\xc1\x01\x00"sv).list());
  EXPECT_FALSE(Reader("\xc0\x01\x00"sv).map());
  EXPECT_FALSE(Reader("\x45"sv).map());
  EXPECT_TRUE(Reader("\x40"sv).map());
}

TEST(AmqpCodec, SectionsAreTold) {
  Reader reader("\x00\x53\x70\x45\x00\x80\x00\x00\x00\x00\x00\x00\x00\x78\x40"sv);
  EXPECT_EQ(reader.section(), Section::header);
  reader.skip();
  EXPECT_EQ(reader.section(), Section::footer);
  reader.skip();
  EXPECT_EQ(reader.section(), std::nullopt);
  EXPECT_FALSE(reader.failed()) << "the end is no failure";
  for (const auto encoded : {"\x53\x73"sv, "\x00\x53\x10"sv, "\x00"sv, "\x00\x53"sv, "\x00\xa3\x01x"sv,
                             "\x00\x80\x01\x00\x00\x00\x00\x00\x00\x70"sv, "\x00\x80\x00"sv, "\x00\x44\x40"sv}) {
    Reader wrong(encoded);
    EXPECT_FALSE(wrong.section());
    EXPECT_TRUE(wrong.failed());
  }
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
  EXPECT_TRUE(within_limits(as_bytes(bytes), 64, 8));
}

TEST(AmqpLimits, ZeroWidthArrayBombIsRefused) {
  // array32: size 5, count 2^32-1, element constructor null: nine bytes that claim four billion values.
  EXPECT_FALSE(within_limits(as_bytes("\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40"sv), 1024, 32));
  EXPECT_FALSE(within_limits(as_bytes("\xf0\x00\x00\x00\x05\x00\x00\x10\x00\x45"sv), 1024, 32));
  EXPECT_TRUE(within_limits(as_bytes("\xf0\x00\x00\x00\x05\x00\x00\x00\x10\x40"sv), 1024, 32));
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
  EXPECT_FALSE(within_limits(as_bytes(bytes), 1024, 32));
  EXPECT_TRUE(within_limits(as_bytes(bytes), 1024, 33));
}

TEST(AmqpLimits, OddMapAndWrongLengthAreRefused) {
  EXPECT_FALSE(within_limits(as_bytes("\xc1\x02\x01\x40"sv), 64, 8));      // map of one
  EXPECT_FALSE(within_limits(as_bytes("\xc0\x03\x01\x40\x40"sv), 64, 8));  // list of one, two given
  EXPECT_FALSE(within_limits(as_bytes("\xc0\x05\x01\x40"sv), 64, 8));      // size beyond the end
}

}  // namespace
}  // namespace bascule::amqp
