#include "bascule/pg/sql.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

#include "bascule/loop/error.hpp"

namespace bascule::pg {
namespace {

using namespace std::chrono_literals;

// A value cannot become SQL: no conversion from a run-time string exists.
static_assert(!std::is_constructible_v<Sql, std::string>);
static_assert(!std::is_constructible_v<Sql, std::string_view>);
static_assert(!std::is_constructible_v<Sql, const char*>);
static_assert(!std::is_constructible_v<Param, char>);  // a letter, or a small number? say which

TEST(Param, TakesWhatCppHas) {
  EXPECT_EQ(Param(true).bytes(), "t");
  EXPECT_EQ(Param(-5).bytes(), "-5");
  EXPECT_EQ(Param(std::numeric_limits<std::uint64_t>::max()).bytes(), "18446744073709551615");
  EXPECT_EQ(Param(0.1).bytes(), "0.1");
  EXPECT_EQ(Param(std::numeric_limits<double>::infinity()).bytes(), "inf");
  EXPECT_EQ(Param("it's").bytes(), "it's");
  EXPECT_TRUE(Param(std::nullopt).is_null());
  EXPECT_TRUE(Param(std::optional<int>()).is_null());
  EXPECT_EQ(Param(std::optional<std::string>("x")).bytes(), "x");
  EXPECT_TRUE(Param(Bytes{"raw"}).is_binary());
  EXPECT_TRUE(Param(std::optional<Bytes>(Bytes{"raw"})).is_binary());
}

TEST(Param, TimestampsAreIsoInUtc) {
  EXPECT_EQ(Param(Timestamp(0us)).bytes(), "1970-01-01 00:00:00.000000+00");
  EXPECT_EQ(Param(Timestamp(-1us)).bytes(), "1969-12-31 23:59:59.999999+00");
  EXPECT_EQ(Param(std::chrono::sys_time<std::chrono::seconds>(61s)).bytes(), "1970-01-01 00:01:01.000000+00");
  EXPECT_EQ(Param(Timestamp(std::chrono::sys_days(std::chrono::year(0) / 3 / 1))).bytes(),
            "0001-03-01 00:00:00.000000+00 BC");
}

TEST(Param, ArraysQuoteTheirElements) {
  EXPECT_EQ(Param(std::vector<int>{1, 2}).bytes(), R"({"1","2"})");
  EXPECT_EQ(Param(std::vector<int>{}).bytes(), "{}");
  EXPECT_EQ(Param(std::vector<std::string>{"a\"b", "c\\d", ""}).bytes(), R"({"a\"b","c\\d",""})");
  EXPECT_EQ(Param(std::vector<std::optional<int>>{std::nullopt, 1}).bytes(), R"({NULL,"1"})");
  EXPECT_THROW(Param(std::vector<Bytes>{Bytes{"x"}}), Error);
}

TEST(Param, NulByteInTextIsRefused) {
  try {
    Param(std::string("a\0b", 3));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid_argument);
  }
}

TEST(Statement, OwnsATextThatIsNotALiteral) {
  auto text = std::make_unique<std::string>("select 1");
  const Statement statement(Sql::trusted(*text));
  const Statement copy = statement;
  *text = "drop table";
  text.reset();
  EXPECT_EQ(copy.text(), "select 1");
}

}  // namespace
}  // namespace bascule::pg
