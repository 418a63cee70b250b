#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "every/every_type.client.hpp"
#include "unit/contract/every_service.hpp"
#include "unit/contract/loopback.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;

class GeneratedClient : public testing::Test {
 protected:
  GeneratedClient() { loopback() = {.service = &service}; }
  const rpc::OutgoingCall& sent() const { return *loopback().last; }

  EveryService service;
  every::EveryClient every{client()};
};

TEST_F(GeneratedClient, SendsToTheServicesAddress) {
  run(every.nothing());
  EXPECT_EQ(sent().address, "rpc.every.Every");
  EXPECT_EQ(sent().method, "nothing");
  EXPECT_FALSE(sent().oneway);
}

TEST_F(GeneratedClient, EveryArgumentArrives) {
  EXPECT_EQ(
      run(every.join(true, -8, -16, 32, 64, 1.5, "text", "data", every_common::Colour::BLUE, {1, 2}, {{"k", 9}}, 4)),
      "true -8 -16 32 64 1.500000 text data 6 1 2 k=9 limit 4");
}

TEST_F(GeneratedClient, ContainersAndScalarsComeBack) {
  EXPECT_EQ(run(every.str({"a", "", "c"})), (std::vector<std::string>{"a", "", "c"}));
  every_common::Point point;
  point.x = 1;
  point.y = -1;
  const std::map<std::int32_t, std::vector<every_common::Point>> points{{-3, {point}}, {4, {}}};
  EXPECT_EQ(run(every.map_of(points)), points);
  EXPECT_EQ(run(every.colour(every_common::Colour::GREEN)), every_common::Colour::GREEN);
  EXPECT_TRUE(run(every.negate(false)));
  EXPECT_EQ(run(every.reverse(std::string("\0a", 2))), std::string("a\0", 2));
}

TEST_F(GeneratedClient, InheritedMethodsAreCalledOnTheService) {
  EXPECT_EQ(run(every.echo_base("hello")), "hello");
  EXPECT_EQ(sent().address, "rpc.every.Every");
}

TEST_F(GeneratedClient, ContractFillsInTimeoutAndIdempotence) {
  run(every.slow(0));
  EXPECT_LE(sent().options.deadline.remaining(), std::chrono::milliseconds(500));
  EXPECT_FALSE(sent().options.idempotent);
  run(every.echo_base("x"));
  EXPECT_GT(sent().options.deadline.remaining(), std::chrono::seconds(1));
  EXPECT_TRUE(sent().options.idempotent);
}

TEST_F(GeneratedClient, OptionsOfTheCallerWin) {
  rpc::CallOptions options;
  options.deadline = Deadline::after(std::chrono::hours(1));
  options.idempotency_key = "key";
  run(every.slow(0, options));
  EXPECT_EQ(sent().options.deadline, options.deadline);
  EXPECT_EQ(sent().options.idempotency_key, "key");
}

TEST_F(GeneratedClient, DeclaredExceptionsAreTyped) {
  try {
    run(every.fail(1));
    FAIL() << "nothing was thrown";
  } catch (const every_common::Refused& refused) {
    EXPECT_EQ(refused.message, "no");
    EXPECT_EQ(refused.code, 7);
  }
  EXPECT_THROW(run(every.fail(2)), every::Failure);
  EXPECT_THROW(run(every.fail_void(2)), every::Failure);
  EXPECT_NO_THROW(run(every.fail_void(0)));
  EXPECT_EQ(run(every.fail(5)), 5);
}

TEST_F(GeneratedClient, PlatformFailuresAreErrors) {
  const auto code_of = [&](std::int32_t how) {
    try {
      run(every.fail(how));
    } catch (const Error& wrong) {
      return wrong.code();
    }
    return Errc::ok;
  };
  EXPECT_EQ(code_of(3), Errc::internal);
  EXPECT_EQ(code_of(4), Errc::permission_denied);
}

TEST_F(GeneratedClient, OnewayIsHandedOver) {
  every::Happened event;
  event.id = 5;
  run(every.tell(event));
  EXPECT_TRUE(sent().oneway);
  ASSERT_EQ(service.told.size(), 1u);
  EXPECT_EQ(service.told[0].id, 5);
}

TEST_F(GeneratedClient, AReplyThatIsNoneIsAnInternalError) {
  for (const std::string body :
       {std::string(), std::string("garbage"), std::string("\x82\x21\x00\x07nothing\x00", 12)}) {
    loopback().answer_instead = rpc::Reply{.body = body};
    try {
      run(every.nothing());
      ADD_FAILURE() << "accepted";
    } catch (const Error& wrong) {
      EXPECT_EQ(wrong.code(), Errc::internal);
    }
  }
}

TEST_F(GeneratedClient, AReplyWithoutAResultIsAnInternalError) {
  // A REPLY of `negate` whose struct is empty.
  loopback().answer_instead = rpc::Reply{.body = std::string("\x82\x41\x00\x06negate\x00", 11)};
  try {
    run(every.negate(true));
    FAIL() << "accepted";
  } catch (const Error& wrong) {
    EXPECT_EQ(wrong.code(), Errc::internal);
    EXPECT_THAT(wrong.what(), HasSubstr("every.Every.negate"));
  }
}

}  // namespace
}  // namespace bascule::test
