#include <gtest/gtest.h>

#include "bascule/amqp/message.hpp"
#include "bascule/amqp/writer.hpp"
#include "bascule/rpc/wire.hpp"

namespace bascule::rpc {
namespace {

OutgoingCall sample() {
  OutgoingCall call;
  call.address = "rpc.shop.Catalog";
  call.method = "get_product";
  call.body = "body";
  call.encoding = Encoding::binary;
  call.options.deadline = Deadline::after(std::chrono::seconds(5));
  call.options.principal = "alice";
  call.options.idempotency_key = "key-1";
  call.options.idempotent = true;
  call.options.trace = telemetry::TraceContext::make();
  call.options.trace.state = "vendor=1";
  return call;
}

TEST(RpcWire, ARequestComesBackAsItWas) {
  const auto call = sample();
  std::string bytes;
  const auto sent = Clock::now();
  encode_request(call, "reply/7", 42, bytes);
  const auto request = decode_request(bytes);
  const auto on_its_way = Clock::now() - sent;
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "get_product");
  EXPECT_EQ(request->reply_to, "reply/7");
  EXPECT_EQ(request->body, "body");
  EXPECT_EQ(request->encoding, Encoding::binary);
  EXPECT_EQ(request->options.principal, "alice");
  EXPECT_EQ(request->options.idempotency_key, "key-1");
  EXPECT_TRUE(request->options.idempotent);
  EXPECT_EQ(request->options.trace.traceparent(), call.options.trace.traceparent());
  EXPECT_EQ(request->options.trace.state, "vendor=1");
  EXPECT_FALSE(request->options.deadline.is_never());
  EXPECT_LE(request->options.deadline.at(), call.options.deadline.at() + on_its_way + std::chrono::milliseconds(2));
}

TEST(RpcWire, AOnewayRequestAsksForNoReply) {
  auto call = sample();
  call.oneway = true;
  std::string bytes;
  encode_request(call, "reply/7", 42, bytes);
  const auto request = decode_request(bytes);
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->reply_to.empty());
  EXPECT_TRUE(request->correlation_id.empty());
}

TEST(RpcWire, AReplyFindsItsCall) {
  std::string bytes;
  encode_request(sample(), "reply/7", 1ull << 40 | 3, bytes);
  const auto request = decode_request(bytes);
  std::string reply_bytes;
  OutgoingReply reply;
  reply.to = request->reply_to;
  reply.correlation_id = request->correlation_id;
  reply.content_type = content_type(Encoding::binary);
  reply.body = "answer";
  encode_reply(reply, reply_bytes);
  const auto incoming = decode_reply(reply_bytes);
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->correlation, 1ull << 40 | 3);
  EXPECT_EQ(incoming->reply.error, Errc::ok);
  EXPECT_EQ(incoming->reply.body, "answer");
  EXPECT_EQ(incoming->reply.encoding, Encoding::binary);
}

TEST(RpcWire, FailuresTravelByName) {
  for (const auto code : {Errc::deadline_exceeded, Errc::unavailable, Errc::resource_exhausted, Errc::unauthenticated,
                          Errc::permission_denied, Errc::invalid_argument, Errc::unimplemented, Errc::internal}) {
    std::string correlation, bytes;
    amqp::Writer(correlation).ulong(9);
    encode_reply({.to = "r",
                  .correlation_id = correlation,
                  .content_type = "",
                  .body = "",
                  .error = code,
                  .error_message = "why"},
                 bytes);
    const auto incoming = decode_reply(bytes);
    ASSERT_TRUE(incoming);
    EXPECT_EQ(incoming->reply.error, code);
    EXPECT_EQ(incoming->reply.message, "why");
  }
}

TEST(RpcWire, WhatIsNoRequestIsRefused) {
  EXPECT_FALSE(decode_request("garbage"));
  amqp::OutgoingMessage message;
  message.body = "x";
  std::string no_subject;
  message.encode(no_subject);
  EXPECT_FALSE(decode_request(no_subject));
  message.subject = "m";
  message.content_type = "text/plain";
  std::string wrong_type;
  message.encode(wrong_type);
  EXPECT_FALSE(decode_request(wrong_type));
  EXPECT_FALSE(decode_reply(wrong_type)) << "without a correlation-id";
}

TEST(RpcWire, AnotherClientsCorrelationIsCopiedWhateverItsType) {
  amqp::OutgoingMessage message;
  message.subject = "m";
  message.message_id = "a-string-id";
  std::string bytes;
  message.encode(bytes);
  const auto request = decode_request(bytes);
  ASSERT_TRUE(request);
  std::string reply;
  encode_reply({.to = "r", .correlation_id = request->correlation_id}, reply);
  const auto view = amqp::MessageView::parse(reply);
  EXPECT_EQ(amqp::Reader(view->properties().correlation_id).text(), "a-string-id");
}

}  // namespace
}  // namespace bascule::rpc
