#include "bascule/pg/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bascule::pg {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(SqlError, SaysWhatWhereAndWhichConstraint) {
  const SqlError error({.sqlstate = "23505",
                        .message = "duplicate key",
                        .detail = "Key (id)=(1) already exists.",
                        .constraint = "t_pkey",
                        .position = 7,
                        .statement = "insert into t values ($1)"});
  EXPECT_THAT(error.what(), AllOf(HasSubstr("23505"), HasSubstr("duplicate key"), HasSubstr("Key (id)=(1)"),
                                  HasSubstr("t_pkey"), HasSubstr("character 7"), HasSubstr("insert into t")));
  EXPECT_TRUE(error.is_unique_violation());
  EXPECT_FALSE(error.is_retryable());
}

TEST(SqlError, LongStatementIsCut) {
  const SqlError error({.sqlstate = "42601", .message = "m", .statement = std::string(10'000, 'x')});
  EXPECT_LT(std::string_view(error.what()).size(), 400u);
}

TEST(SqlError, StatesMapToThePlatformsCodes) {
  const std::pair<const char*, Errc> expected[] = {
      {"57014", Errc::deadline_exceeded},
      {"40001", Errc::unavailable},
      {"40P01", Errc::unavailable},
      {"57P01", Errc::unavailable},
      {"08006", Errc::unavailable},
      {"25006", Errc::unavailable},
      {"53300", Errc::resource_exhausted},
      {"53100", Errc::resource_exhausted},
      {"23505", Errc::internal},
      {"42601", Errc::internal},
      {"", Errc::internal},
  };
  for (const auto& [state, code] : expected) EXPECT_EQ(errc_of_sqlstate(state), code) << state;
}

}  // namespace
}  // namespace bascule::pg
