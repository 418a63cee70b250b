#include <gtest/gtest.h>

#include "bascule/config/quantity.hpp"

namespace bascule::config {
namespace {

using std::chrono::milliseconds;

TEST(Duration, ReadsWholeNumbersWithAUnit) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("5s"), milliseconds(5000));
  EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
  EXPECT_EQ(parse_duration("1h"), milliseconds(3'600'000));
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* bad : {"", "5", "s", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1d", "99999999999999999999s",
                          "9223372036854775807h"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Size, ReadsPowersOf1024) {
  EXPECT_EQ(parse_size("65536"), 65536u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("1M"), 1048576u);
  EXPECT_EQ(parse_size("2GiB"), 2147483648u);
  for (const char* bad : {"", "KiB", "-1", "1kb", "1.5M", "99999999999GiB"})
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
}

TEST(EndpointText, ReadsHostsAndBracketedAddresses) {
  EXPECT_EQ(parse_endpoint("localhost:80"), (Endpoint{"localhost", 80}));
  EXPECT_EQ(parse_endpoint("[::1]:8080"), (Endpoint{"::1", 8080}));
  EXPECT_EQ(parse_endpoint(":0"), (Endpoint{"0.0.0.0", 0}));
  EXPECT_EQ(parse_endpoint("[::1]:8080")->text(), "[::1]:8080");
  for (const char* bad : {"", "localhost", "localhost:", "localhost:65536", "::1:80", "[]:80", "[::1:80", "a:-1"}) {
    EXPECT_EQ(parse_endpoint(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace bascule::config
