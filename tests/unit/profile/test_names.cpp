#include <gtest/gtest.h>

#include <stdexcept>

#include "bascule/profile/names.hpp"

namespace bascule::profile {
namespace {

TEST(Names, Percent) {
  EXPECT_EQ(encode_name("rpc.shop.Catalog", "percent"), "rpc.shop.Catalog");
  EXPECT_EQ(encode_name("a::b/c %\xc3\xa9", "percent"), "a%3A%3Ab%2Fc%20%25%C3%A9");
}

TEST(Names, Slash) { EXPECT_EQ(encode_name("a::b/c%", "slash"), "a::b%2Fc%25"); }
TEST(Names, None) { EXPECT_EQ(encode_name("a/b", "none"), "a/b"); }

TEST(Names, TemplatesAreFilledAndValuesEncoded) {
  const Values values{{"address", "a/b"}, {"group", "orders"}};
  EXPECT_EQ(fill("/queues/{address}::{group}!", values, "percent"), "/queues/a%2Fb::orders!");
  EXPECT_EQ(fill("nothing", values), "nothing");
}

TEST(Names, AnUnknownPlaceholderIsAnError) { EXPECT_THROW(fill("{adress}", {{"address", "x"}}), std::runtime_error); }

}  // namespace
}  // namespace bascule::profile
