#include "bascule/pg/field.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/loop/error.hpp"

namespace bascule::pg {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

Field text(TypeOid type, std::string_view bytes) { return {bytes, "c", static_cast<std::uint32_t>(type)}; }
Field binary(TypeOid type, std::string_view bytes) {
  return {bytes, "c", static_cast<std::uint32_t>(type), false, true};
}

TEST(Field, IntegersAreCheckedForRangeAndRest) {
  EXPECT_EQ(text(TypeOid::int8, "-9223372036854775808").get<std::int64_t>(), INT64_MIN);
  EXPECT_EQ(text(TypeOid::int8, "32767").get<std::int16_t>(), 32767);
  EXPECT_THROW(text(TypeOid::int8, "32768").get<std::int16_t>(), Error);
  EXPECT_THROW(text(TypeOid::int8, "1x").get<std::int64_t>(), Error);
  EXPECT_THROW(text(TypeOid::text, "").get<std::int64_t>(), Error);
  EXPECT_EQ(binary(TypeOid::int2, "\xff\xfe"sv).get<std::int64_t>(), -2);
  EXPECT_EQ(binary(TypeOid::int4, "\x00\x00\x01\x00"sv).get<std::int16_t>(), 256);
  EXPECT_THROW(binary(TypeOid::int4, "\x00\x01\x00\x00"sv).get<std::int16_t>(), Error);
  EXPECT_THROW(binary(TypeOid::int4, "\x00\x01"sv).get<std::int32_t>(), Error);
  EXPECT_THROW(binary(TypeOid::text, "\x00\x00\x00\x01"sv).get<std::int32_t>(), Error);
  EXPECT_EQ(text(TypeOid::xid8, "18446744073709551615").get<std::uint64_t>(), UINT64_MAX);
}

TEST(Field, MessageNamesTheColumnAndTheValue) {
  try {
    text(TypeOid::text, "abc").get<std::int64_t>();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                testing::AllOf(testing::HasSubstr("\"c\""), testing::HasSubstr("abc"), testing::HasSubstr("int64")));
  }
}

TEST(Field, BoolAndDouble) {
  EXPECT_TRUE(text(TypeOid::boolean, "t").get<bool>());
  EXPECT_FALSE(binary(TypeOid::boolean, "\0"sv).get<bool>());
  EXPECT_THROW(text(TypeOid::text, "t").get<bool>(), Error);
  EXPECT_EQ(text(TypeOid::float8, "-1.5e300").get<double>(), -1.5e300);
  EXPECT_EQ(text(TypeOid::float8, "Infinity").get<double>(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(binary(TypeOid::float8, "\x3f\xf8\0\0\0\0\0\0"sv).get<double>(), 1.5);
  EXPECT_EQ(binary(TypeOid::float4, "\x3f\xc0\0\0"sv).get<double>(), 1.5);
}

TEST(Field, TextIsAnythingInTextFormat) {
  EXPECT_EQ(text(TypeOid::int8, "12").get<std::string>(), "12");
  EXPECT_EQ(binary(TypeOid::jsonb, "\x01{}"sv).get<std::string>(), "{}");
  EXPECT_THROW(binary(TypeOid::int8, "\0\0\0\0\0\0\0\1"sv).get<std::string>(), Error);
}

TEST(Field, BytesFromHexAndRaw) {
  EXPECT_EQ(text(TypeOid::bytea, "\\x00ff0A"sv.substr(0, 6)).get<Bytes>().data, "\x00\xff"sv);
  EXPECT_EQ(text(TypeOid::bytea, "\\x").get<Bytes>().data, "");
  EXPECT_EQ(binary(TypeOid::bytea, "a\0b"sv).get<Bytes>().data, "a\0b"sv);
  for (const auto bad : {"x00", "\\x0", "\\xzz", "\\x0G"})
    EXPECT_THROW(text(TypeOid::bytea, bad).get<Bytes>(), Error) << bad;
  EXPECT_THROW(text(TypeOid::text, "\\x00").get<Bytes>(), Error);
}

TEST(Field, Timestamps) {
  const auto at = [](std::string_view s) { return text(TypeOid::timestamptz, s).get<Timestamp>().time_since_epoch(); };
  EXPECT_EQ(at("1970-01-01 00:00:00+00"), 0us);
  EXPECT_EQ(at("1970-01-01 00:00:01.5+00"), 1'500'000us);
  EXPECT_EQ(at("1969-12-31 23:59:59.999999+00"), -1us);
  EXPECT_EQ(text(TypeOid::timestamp, "1970-01-02 00:00:00").get<Timestamp>().time_since_epoch(), 24h);
  EXPECT_EQ(at("0001-01-01 00:00:00+00 BC"),
            Timestamp(std::chrono::sys_days(std::chrono::year(0) / 1 / 1)).time_since_epoch());
  EXPECT_EQ(binary(TypeOid::timestamptz, "\0\0\0\0\0\0\0\1"sv).get<Timestamp>().time_since_epoch(),
            std::chrono::sys_days(std::chrono::year(2000) / 1 / 1).time_since_epoch() + 1us);
  for (const auto bad :
       {"infinity", "", "2020-13-01 00:00:00+00", "2020-02-30 00:00:00+00", "2020-01-01", "2020-01-01 00:00:00+02"})
    EXPECT_THROW(at(bad), Error) << bad;
  EXPECT_THROW(binary(TypeOid::timestamptz, "\x7f\xff\xff\xff\xff\xff\xff\xff"sv).get<Timestamp>(), Error);
}

TEST(Field, TextArrays) {
  const auto read = [](std::string_view s) { return text(TypeOid::text, s).get<std::vector<std::string>>(); };
  EXPECT_THAT(read("{}"), testing::IsEmpty());
  EXPECT_THAT(read("{a}"), testing::ElementsAre("a"));
  EXPECT_THAT(read(R"({a,"b,c","d\"e\\",""})"), testing::ElementsAre("a", "b,c", "d\"e\\", ""));
  for (const auto bad :
       {"", "{", "}", "a", "{a", "{a,}", "{,a}", "{{a}}", "{NULL}", "{\"a}", "{\"a\\}", "{a}b}", "{a\"b}", "{\"a\"b}"})
    EXPECT_THROW(read(bad), Error) << bad;
}

TEST(Field, NullNeedsAnOptional) {
  Field null = text(TypeOid::int8, "");
  null.null = true;
  EXPECT_EQ(null.get<std::optional<std::int64_t>>(), std::nullopt);
  EXPECT_THROW(null.get<std::int64_t>(), Error);
  EXPECT_EQ(text(TypeOid::int8, "5").get<std::optional<std::int64_t>>(), 5);
}

}  // namespace
}  // namespace bascule::pg
