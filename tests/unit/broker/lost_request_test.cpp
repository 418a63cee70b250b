#include "bascule/broker/lost_request.hpp"

#include "bascule/broker/properties.hpp"
#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

TEST(LostRequest, IsAnsweredUnavailableToItsCaller) {
  const auto request = message({.reply_to = "temporary.x", .correlation_id = 42});
  const auto answer = answer_to_lost(request->body());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->address, "temporary.x");
  const auto sent = make_message(answer->message, start);
  ASSERT_TRUE(sent);
  const auto properties = read_properties(sent->body());
  ASSERT_TRUE(properties);
  EXPECT_EQ(properties->to, "temporary.x");
  EXPECT_EQ(Reader(properties->correlation_id).unsigned_integer(), 42u);
  EXPECT_EQ(Reader(find_in_map(sent->body(), Section::application_properties, "bascule-error")).text(), "unavailable");
  EXPECT_EQ(body_of(*sent), "");
}

TEST(LostRequest, IdempotentIsLeftForAnotherInstance) {
  EXPECT_FALSE(answer_to_lost(message({.reply_to = "r", .correlation_id = 1, .idempotent = true})->body()));
  EXPECT_TRUE(answer_to_lost(message({.reply_to = "r", .correlation_id = 1, .idempotent = false})->body()));
}

TEST(LostRequest, WithoutAWaitingCallerIsRedelivered) {
  EXPECT_FALSE(answer_to_lost(message({.correlation_id = 1})->body()));
  EXPECT_FALSE(answer_to_lost(message({.reply_to = "r"})->body()));
  EXPECT_FALSE(answer_to_lost(message("no properties at all")->body()));
}

}  // namespace
}  // namespace bascule::broker
