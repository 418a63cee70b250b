#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/thrift/descriptor.hpp"
#include "bascule/thrift/envelope.hpp"
#include "bascule/thrift/protocol.hpp"
#include "every/every_type.events.hpp"
#include "unit/contract/every_service.hpp"
#include "unit/contract/loopback.hpp"

namespace bascule::test {
namespace {

using rpc::Encoding;
using testing::HasSubstr;

std::string call(std::string_view method, std::string_view arguments) {
  std::string message;
  thrift::begin_message(message, thrift::Encoding::compact, method, thrift::MessageType::call);
  return message.append(arguments);
}

template <class Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& wrong) {
    return wrong;
  }
  return Error(Errc::ok, "nothing was thrown");
}

TEST(GeneratedService, InfoSaysWhatTheContractSays) {
  EveryService service;
  const auto& info = service.info();
  EXPECT_EQ(info.name, "every.Every");
  EXPECT_EQ(info.address, "rpc.every.Every");
  EXPECT_THAT(std::string(info.digest), testing::StartsWith("sha256:"));
  EXPECT_EQ(info.methods[0].name, "echo_base");
  EXPECT_TRUE(info.methods[0].idempotent);
  const auto& slow = info.methods[method_number(service, "slow")];
  EXPECT_EQ(slow.timeout, std::chrono::milliseconds(500));
  EXPECT_TRUE(info.methods[method_number(service, "tell")].oneway);
}

TEST(GeneratedService, EmbedsItsDescriptor) {
  EveryService service;
  const auto descriptor = thrift::Descriptor::parse(service.info().descriptor);
  EXPECT_EQ(descriptor.digest, service.info().digest);
  ASSERT_NE(descriptor.service("every.Every"), nullptr);
  EXPECT_EQ(descriptor.service("every.Every")->methods.size(), service.info().methods.size());
}

TEST(GeneratedService, AnswersInTheEncodingOfTheRequest) {
  EveryService service;
  std::string message;
  thrift::begin_message(message, thrift::Encoding::binary, "nothing", thrift::MessageType::call);
  message.push_back('\0');
  const auto answer = dispatch(service, "nothing", Encoding::binary, message);
  EXPECT_EQ(thrift::sniff(answer.message), thrift::Encoding::binary);
  const auto opened = thrift::open_message(thrift::Encoding::binary, answer.message);
  EXPECT_EQ(opened.header.type, thrift::MessageType::reply);
  EXPECT_EQ(opened.header.name, "nothing");
}

TEST(GeneratedService, ArgumentsLeftOutAreTheirDefaults) {
  EveryService service;
  const auto answer = dispatch(service, "join", Encoding::compact, call("join", std::string(1, '\0')));
  EXPECT_THAT(answer.message, HasSubstr("false 0 0 0 0 0.000000   0 limit 10"));
}

TEST(GeneratedService, AStructArgumentMustBeGiven) {
  EveryService service;
  const auto wrong =
      error_of([&] { dispatch(service, "scalars", Encoding::compact, call("scalars", std::string(1, '\0'))); });
  EXPECT_EQ(wrong.code(), Errc::invalid_argument);
  EXPECT_THAT(wrong.what(), HasSubstr("value is missing"));
}

TEST(GeneratedService, UnknownArgumentsAreSkipped) {
  EveryService service;
  // Field 9, a string, which `negate` does not have; then field 1 = true.
  const auto answer =
      dispatch(service, "negate", Encoding::compact, call("negate", std::string("\x98\x01x\x01\x02\x00", 6)));
  EXPECT_FALSE(answer.exception);
}

TEST(GeneratedService, ElementsOfAnotherTypeAreRefused) {
  EveryService service;
  // Field 1: a list with one i32 where strings are wanted.
  const auto wrong =
      error_of([&] { dispatch(service, "str", Encoding::compact, call("str", std::string("\x19\x15\x02\x00", 4))); });
  EXPECT_EQ(wrong.code(), Errc::invalid_argument);
}

TEST(GeneratedService, WhatIsNoCallIsRefused) {
  EveryService service;
  const auto refused = [&](Encoding encoding, std::string_view method, const std::string& message) {
    return error_of([&] { dispatch(service, method, encoding, message); });
  };
  EXPECT_EQ(refused(Encoding::compact, "nothing", "").code(), Errc::invalid_argument);
  EXPECT_EQ(refused(Encoding::compact, "nothing", "nonsense").code(), Errc::invalid_argument);
  EXPECT_EQ(refused(Encoding::json, "nothing", "{}").code(), Errc::invalid_argument);
  EXPECT_THAT(refused(Encoding::compact, "nothing", call("negate", "\0")).what(), HasSubstr("negate"));
  std::string reply;
  thrift::begin_message(reply, thrift::Encoding::compact, "nothing", thrift::MessageType::reply);
  EXPECT_EQ(refused(Encoding::compact, "nothing", reply + '\0').code(), Errc::invalid_argument);
}

TEST(GeneratedService, AMethodNumberOutOfRangeIsUnimplemented) {
  EveryService service;
  PlainContext context;
  const auto wrong = error_of([&] { run(service.dispatch(context, 999, Encoding::compact, "")); });
  EXPECT_EQ(wrong.code(), Errc::unimplemented);
}

TEST(GeneratedService, DeclaredExceptionsAreMarked) {
  EveryService service;
  const auto failed = dispatch(service, "fail", Encoding::compact, call("fail", std::string("\x15\x02\x00", 3)));
  EXPECT_TRUE(failed.exception);
  const auto good = dispatch(service, "fail", Encoding::compact, call("fail", std::string("\x15\x0a\x00", 3)));
  EXPECT_FALSE(good.exception);
}

TEST(GeneratedEvent, GoesRoundWithItsKey) {
  every::Happened event;
  event.id = 42;
  event.scalars.text = "told";
  using Traits = service::EventTraits<every::Happened>;
  const auto encoded = Traits::encode(event);
  EXPECT_EQ(encoded.topic, "events.every.Happened");
  EXPECT_EQ(encoded.type, "every.Happened");
  EXPECT_EQ(encoded.key, "42");
  EXPECT_EQ(Traits::decode(encoded.body), event);
}

TEST(GeneratedEvent, ForeignBytesAreRefused) {
  using Traits = service::EventTraits<every::Happened>;
  EXPECT_EQ(error_of([] { Traits::decode("nonsense"); }).code(), Errc::invalid_argument);
  EXPECT_EQ(error_of([] { Traits::decode(call("every.Other", "\0")); }).code(), Errc::invalid_argument);
}

TEST(GeneratedService, AByteOnTheWireIsNoLicenceForAStructInMemory) {
  EveryService service;
  constexpr std::uint32_t children = 1'000'000;  // each one byte of the message, sizeof(Node) once it is decoded
  static_assert(children * sizeof(every::Node) > thrift::Limits().memory);
  std::string arguments("\x1c\x18\x01x\x19\xfc\xc0\x84\x3d", 9);  // value: name, children: a list of a million structs
  arguments.append(children, '\0').append(2, '\0');
  const auto refused = error_of([&] { dispatch(service, "node", Encoding::compact, call("node", arguments)); });
  EXPECT_EQ(refused.code(), Errc::invalid_argument);
  EXPECT_THAT(refused.what(), HasSubstr("memory"));
}

TEST(GeneratedService, WhatWasCountedStaysCounted) {
  thrift::Limits limits;
  limits.memory = 100'000;
  thrift::CompactIn in("", limits);
  const std::map<std::int32_t, std::vector<every_common::Point>> value;
  EXPECT_NO_THROW(thrift::charge(in, value, 1000));
  EXPECT_THROW(thrift::charge(in, value, 1000), apache::thrift::protocol::TProtocolException);
}

}  // namespace
}  // namespace bascule::test
