#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/routing/path.hpp"

namespace bascule::routing {
namespace {

using testing::ElementsAre;
using namespace std::string_literals;

PathFault fault_of(std::string_view raw) { return Path().normalise(raw); }

TEST(Path, IsSplitAndDecodedOnce) {
  Path path;
  EXPECT_EQ(path.normalise("/v1/caf%C3%A9/a%20b"), PathFault::none);
  EXPECT_THAT(path.segments, ElementsAre("v1", "caf\xC3\xA9", "a b"));
  EXPECT_EQ(path.last_raw, "a%20b");
  EXPECT_EQ(path.normalise("/%252e%252e"), PathFault::none);
  EXPECT_THAT(path.segments, ElementsAre("%2e%2e")) << "decoded once, not twice";
  EXPECT_EQ(path.normalise("/a/"), PathFault::none);
  EXPECT_THAT(path.segments, ElementsAre("a", ""));
  EXPECT_EQ(path.normalise("/admin;x=1/y"), PathFault::none);
  EXPECT_THAT(path.segments, ElementsAre("admin;x=1", "y")) << "no path parameters";
  EXPECT_EQ(path.normalise("/api../admin"), PathFault::none);
  EXPECT_THAT(path.segments, ElementsAre("api..", "admin"));
}

TEST(Path, AttackRow11IsRefused) {
  EXPECT_EQ(fault_of(""), PathFault::not_absolute);
  EXPECT_EQ(fault_of("*"), PathFault::not_absolute);
  for (const char* raw : {"/api/../admin", "/api/..", "/./a", "/%2e%2e/admin", "/a/.%2E/b", "/%2e"}) {
    EXPECT_EQ(fault_of(raw), PathFault::dot_segment) << raw;
  }
  for (const char* raw : {"/%2e%2e%2fadmin", "/a%2fb", "/a%2Fb", "/a\\b", "/a%5cb", "/a%5C", "/a%00"}) {
    EXPECT_EQ(fault_of(raw), PathFault::encoded_separator) << raw;
  }
  EXPECT_EQ(fault_of("//admin"), PathFault::empty_segment);
  EXPECT_EQ(fault_of("/a//b"), PathFault::empty_segment);
  for (const char* raw : {"/%c0%af", "/%ff", "/%ed%a0%80", "/%0d%0a", "/a%7f", "/%c3"}) {
    EXPECT_EQ(fault_of(raw), PathFault::text) << raw;
  }
  for (const char* raw : {"/%", "/%4", "/%zz", "/%+1", "/a%2"}) EXPECT_EQ(fault_of(raw), PathFault::percent) << raw;
}

TEST(Path, DepthIsBounded) {
  std::string raw;
  for (int i = 0; i < 32; ++i) raw += "/a";
  EXPECT_EQ(fault_of(raw), PathFault::none);
  EXPECT_EQ(fault_of(raw + "/a"), PathFault::too_deep);
}

TEST(Path, EveryFaultHasASentence) {
  for (int i = 1; i <= static_cast<int>(PathFault::too_deep); ++i) {
    EXPECT_FALSE(sentence(static_cast<PathFault>(i)).empty()) << i;
  }
}

}  // namespace
}  // namespace bascule::routing
