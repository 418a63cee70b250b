#include "bascule/pg/migrate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/loop/error.hpp"

namespace bascule::pg {
namespace {

using testing::HasSubstr;

constexpr Migration list[] = {
    {"0001_a", "create table a ()"}, {"0002_b", "create table b ()"}, {"0003_c", "create table c ()"}};

AppliedMigration done(const Migration& one) { return {std::string(one.name), migration_checksum(one.sql)}; }

std::string refusal(Migrations wanted, const std::vector<AppliedMigration>& applied) {
  try {
    pending_migrations(wanted, applied);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid_argument);
    return error.what();
  }
  return "accepted";
}

TEST(Migrations, ChecksumIsSha256) {
  EXPECT_EQ(migration_checksum(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Migrations, ThoseBehindTheLastAppliedArePending) {
  EXPECT_EQ(pending_migrations(list, {}).size(), 3u);
  const auto rest = pending_migrations(list, {done(list[0]), done(list[1])});
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].name, "0003_c");
  EXPECT_TRUE(pending_migrations(list, {done(list[0]), done(list[1]), done(list[2])}).empty());
}

TEST(Migrations, ContradictionsAreNamed) {
  EXPECT_THAT(refusal(list, {{"0001_a", "other"}}), HasSubstr("0001_a was changed"));
  EXPECT_THAT(refusal({list, 1}, {done(list[0]), done(list[1])}), HasSubstr("0002_b was applied"));
  EXPECT_THAT(refusal(list, {done(list[0]), done(list[2])}), HasSubstr("0002_b is new but sorts before 0003_c"));
  EXPECT_THAT(refusal({list + 1, 1}, {done(list[0])}), HasSubstr("does not know"));
  constexpr Migration disordered[] = {{"0002_b", ""}, {"0001_a", ""}};
  EXPECT_THAT(refusal(disordered, {}), HasSubstr("ascending"));
}

TEST(Migrations, PlatformsOwnAreEmbedded) {
  ASSERT_GE(platform_migrations().size(), 2u);
  EXPECT_EQ(platform_migrations()[0].name, "0001_outbox");
  EXPECT_THAT(std::string(platform_migrations()[0].sql), HasSubstr("create table bascule_outbox"));
}

}  // namespace
}  // namespace bascule::pg
