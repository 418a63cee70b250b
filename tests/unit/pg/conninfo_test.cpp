#include "bascule/pg/conninfo.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/loop/error.hpp"
#include "bascule/pg/connection.hpp"

namespace bascule::pg {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(Conninfo, ParsesBothFormsAndSaysWhatIsWrong) {
  EXPECT_THAT(parse_conninfo("host=/run/x dbname=shop"), Contains(Pair("dbname", "shop")));
  EXPECT_THAT(parse_conninfo("postgresql://u@h:77/shop"), Contains(Pair("port", "77")));
  try {
    parse_conninfo("hots=/run/x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("hots"));
  }
}

TEST(Conninfo, DefaultsYieldToTheUserExceptWhereReadingDependsOnThem) {
  auto parameters =
      parse_conninfo("dbname=shop application_name=x keepalives_idle=3 options='-c work_mem=8MB -c timezone=CET'");
  add_defaults(parameters);
  EXPECT_THAT(parameters, Contains(Pair("keepalives_idle", "3")));
  EXPECT_THAT(parameters, Contains(Pair("client_encoding", "UTF8")));
  EXPECT_THAT(parameters, Contains(Pair("options",
                                        "-c client_connection_check_interval=2s -c work_mem=8MB -c timezone=CET"
                                        " -c datestyle=ISO -c timezone=UTC")));
}

TEST(Conninfo, HostListRoundTrips) {
  auto parameters = parse_conninfo("host=a,/run/x,b port=1,2,3 dbname=shop");
  auto hosts = host_list(parameters);
  ASSERT_EQ(hosts.size(), 3u);
  EXPECT_EQ(hosts[1].host, "/run/x");
  EXPECT_EQ(hosts[2].port, "3");
  hosts[0].address = "10.0.0.1";
  hosts.insert(hosts.begin() + 1, {"a", "::1", "1"});
  set_hosts(parameters, hosts);
  EXPECT_THAT(parameters, Contains(Pair("host", "a,a,/run/x,b")));
  EXPECT_THAT(parameters, Contains(Pair("hostaddr", "10.0.0.1,::1,,")));
  EXPECT_THAT(parameters, Contains(Pair("port", "1,1,2,3")));
}

TEST(Conninfo, OnePortServesAllHostsAndNoAddressMeansNone) {
  auto parameters = parse_conninfo("host=a,b port=5 dbname=shop");
  const auto hosts = host_list(parameters);
  EXPECT_EQ(hosts[0].port, "5");
  EXPECT_EQ(hosts[1].port, "5");
  set_hosts(parameters, hosts);
  EXPECT_THAT(parameters, Not(Contains(Pair("hostaddr", testing::_))));
}

TEST(Conninfo, DescriptionNeverHoldsThePassword) {
  const auto text = describe(parse_conninfo("host=h dbname=shop user=u password=secret"));
  EXPECT_EQ(text, "\"shop\" at h");
}

TEST(TimeoutStep, IsThePowerOfTwoAtOrAboveTheTimeLeft) {
  const auto now = Clock::now();
  EXPECT_EQ(timeout_step(Deadline::never(), now), 0u);
  EXPECT_EQ(timeout_step(Deadline(now + 1ms), now), 1u);
  EXPECT_EQ(timeout_step(Deadline(now + 1025ms), now), 2048u);
  EXPECT_EQ(timeout_step(Deadline(now + 4990ms), now), timeout_step(Deadline(now + 4101ms), now));
  EXPECT_EQ(timeout_step(Deadline(now - 1s), now), 1u);  // never 0, which would mean no limit
  EXPECT_EQ(timeout_step(Deadline(now + 24h * 365), now), 0u);
}

}  // namespace
}  // namespace bascule::pg
