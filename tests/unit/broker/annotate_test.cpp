#include "bascule/broker/annotate.hpp"

#include "bascule/broker/properties.hpp"
#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

Annotations delivery(const char* key, std::int64_t value) {
  Annotations made;
  made.timestamp(key, value);
  return made;
}

TEST(Annotate, AddsAMapOrAddsToTheOneThereAndLeavesTheRestUntouched) {
  const auto plain = message({.body = "b", .durable = true, .ttl = 5, .reply_to = "r"});
  Annotations one, two;
  one.symbol("x-opt-a", "1");
  two.uint("x-opt-b", 2);
  const auto once = with_annotations(*plain, one, start);
  const auto twice = with_annotations(*once, two, start);
  ASSERT_TRUE(twice);
  EXPECT_EQ(Reader(find_in_map(twice->body(), Section::message_annotations, "x-opt-a")).text(), "1");
  EXPECT_EQ(Reader(find_in_map(twice->body(), Section::message_annotations, "x-opt-b")).unsigned_integer(), 2u);
  EXPECT_EQ(read_properties(twice->body())->reply_to, "r");
  EXPECT_EQ(body_of(*twice), "b");
  EXPECT_TRUE(twice->durable());
  EXPECT_EQ(twice->expires(), Time::max());
}

TEST(Annotate, DeliveryTimeIsReadInAllItsSpellings) {
  const auto plain = message("x");
  EXPECT_FALSE(has_message_annotations(*plain));
  EXPECT_FALSE(asked_delivery_time(*plain, 1000));
  for (const char* key : {"x-opt-delivery-time", "x-opt-scheduled-enqueue-time"}) {
    EXPECT_EQ(asked_delivery_time(*with_annotations(*plain, delivery(key, 5000), start), 1000), 5000) << key;
  }
  EXPECT_EQ(asked_delivery_time(*with_annotations(*plain, delivery("x-opt-delivery-delay", 500), start), 1000), 1500);
  EXPECT_FALSE(asked_delivery_time(*with_annotations(*plain, delivery("x-opt-delivery-delay", -5), start), 1000));
  EXPECT_FALSE(
      asked_delivery_time(*with_annotations(*plain, delivery("x-opt-delivery-delay", INT64_MAX), start), 1000));
}

TEST(Annotate, AKeyThatIsThereIsReplaced) {
  Annotations first, second;
  first.uint("x-opt-a", 1);
  first.uint("x-opt-b", 1);
  second.uint("x-opt-a", 2);
  const auto twice = with_annotations(*with_annotations(*message("x"), first, start), second, start);
  std::uint32_t count = 0;
  Reader reader(twice->body());
  reader.section();
  reader.items(count);
  EXPECT_EQ(count, 4u);
  EXPECT_EQ(Reader(find_in_map(twice->body(), Section::message_annotations, "x-opt-a")).unsigned_integer(), 2u);
}

}  // namespace
}  // namespace bascule::broker
