#include <gtest/gtest.h>

#include "bascule/amqp/frame_guard.hpp"
#include "bascule/amqp/writer.hpp"

namespace bascule::amqp {
namespace {

using namespace std::string_literals;

const std::string sasl_header = "AMQP\x03\x01\x00\x00"s;
const std::string amqp_header = "AMQP\x00\x01\x00\x00"s;

std::string frame(std::uint8_t type, std::uint16_t channel, const std::string& body) {
  const auto size = static_cast<std::uint32_t>(8 + body.size());
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out += {2, static_cast<char>(type), static_cast<char>(channel >> 8), static_cast<char>(channel)};
  return out + body;
}

template <class Fields>
std::string performative(std::uint8_t code, std::uint32_t count, Fields&& fields) {
  std::string body;
  Writer w(body);
  w.descriptor(code);
  const auto mark = w.begin_list();
  fields(w);
  w.end(mark, count);
  return body;
}

std::string transfer(std::uint32_t handle, bool id, bool more, const std::string& payload = "x") {
  return frame(0, 0, performative(0x14, 6, [&](Writer& w) {
                       w.uint(handle);
                       id ? w.uint(7) : w.null();
                       id ? w.binary("tag") : w.null();
                       w.uint(0);
                       w.boolean(false);
                       w.boolean(more);
                     }) + payload);
}

const std::string open_frame = frame(0, 0, performative(0x10, 1, [](Writer& w) { w.string("container"); }));

std::string attach(std::uint32_t handle, bool receiver = false) {
  return frame(0, 0, performative(0x12, 3, [&](Writer& w) {
                 w.string("link " + std::to_string(handle));
                 w.uint(handle);
                 w.boolean(receiver);
               }));
}

std::string begin(std::uint16_t channel) {
  return frame(0, channel, performative(0x11, 4, [](Writer& w) {
                 w.null();
                 for (int i = 0; i < 3; ++i) w.uint(1);
               }));
}

// Up to three senders attached.
const std::string talk = amqp_header + open_frame + begin(0) + attach(0) + attach(1) + attach(2);

// Feeds the stream whole, and cut in two at every byte: the verdict must be the same.
GuardError verdict(const std::string& stream) {
  FrameGuard whole;
  auto expected = whole.check(stream);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameGuard guard;
    auto error = guard.check(std::string_view(stream).substr(0, cut));
    if (!error) error = guard.check(std::string_view(stream).substr(cut));
    EXPECT_STREQ(error.condition ? error.condition : "", expected.condition ? expected.condition : "")
        << "cut at " << cut;
  }
  FrameGuard bytewise;
  GuardError error;
  for (std::size_t i = 0; i < stream.size() && !error; ++i)
    error = bytewise.check(std::string_view(stream).substr(i, 1));
  EXPECT_EQ(static_cast<bool>(error), static_cast<bool>(expected)) << "byte by byte: " << error.description;
  return expected;
}

TEST(FrameGuard, AnOrdinaryStreamPasses) {
  const auto init = frame(1, 0, performative(0x41, 1, [](Writer& w) { w.symbol("ANONYMOUS"); }));
  const auto error = verdict(sasl_header + init + talk + frame(0, 0, "") + transfer(0, true, true) +
                             transfer(0, false, false, std::string(1000, 'y')));
  EXPECT_FALSE(error) << error.description;
}

TEST(FrameGuard, WithoutSaslPasses) { EXPECT_FALSE(verdict(amqp_header + open_frame)); }

TEST(FrameGuard, AnotherProtocolIsRefused) {
  EXPECT_STREQ(verdict("AMQP\x00\x00\x09\x01"s).condition, "amqp:connection:framing-error");
  EXPECT_STREQ(verdict("GET / HTTP/1.1\r\n").condition, "amqp:connection:framing-error");
  EXPECT_TRUE(verdict(amqp_header + amqp_header));
  EXPECT_TRUE(verdict(sasl_header + sasl_header));
}

TEST(FrameGuard, AmqpBeforeAuthenticationIsRefused) {
  // CVE-2026-114230: OPEN in an AMQP-typed frame, and in a SASL-typed one, while SASL is under way.
  EXPECT_TRUE(verdict(sasl_header + open_frame));
  auto disguised = open_frame;
  disguised[5] = 1;
  EXPECT_TRUE(verdict(sasl_header + disguised));
  // And the other way round.
  EXPECT_TRUE(verdict(amqp_header + frame(1, 0, performative(0x41, 1, [](Writer& w) { w.symbol("PLAIN"); }))));
}

TEST(FrameGuard, SizesAndOffsetsMustFit) {
  EXPECT_TRUE(verdict(amqp_header + "\x00\x00\x00\x07\x02\x00\x00\x00"s));
  EXPECT_TRUE(verdict(amqp_header + "\x00\x01\x00\x01\x02\x00\x00\x00"s));  // 64 KiB + 1
  EXPECT_TRUE(verdict(sasl_header + "\x00\x00\x04\x01\x02\x01\x00\x00"s));  // 1 KiB + 1 before authentication
  EXPECT_TRUE(verdict(amqp_header + "\x00\x00\x00\x08\x01\x00\x00\x00"s));  // doff 1
  EXPECT_TRUE(verdict(amqp_header + "\x00\x00\x00\x08\x03\x00\x00\x00"s));  // doff beyond the frame
  EXPECT_FALSE(verdict(amqp_header + open_frame + begin(15)));
  EXPECT_STREQ(verdict(amqp_header + open_frame + begin(16)).condition, "amqp:not-allowed");  // channel-max
}

TEST(FrameGuard, TransferWithoutDeliveryIdIsRefused) {
  EXPECT_STREQ(verdict(talk + transfer(0, false, false)).condition, "amqp:decode-error");
  // Allowed only in the middle of a delivery, on the same link.
  EXPECT_FALSE(verdict(talk + transfer(1, true, true) + transfer(1, false, true) + transfer(1, false, false)));
  EXPECT_TRUE(verdict(talk + transfer(1, true, true) + transfer(2, false, false)));
  EXPECT_TRUE(verdict(talk + transfer(1, true, true) + transfer(1, false, false) + transfer(1, false, false)));
}

TEST(FrameGuard, HugeDispositionIsRefused) {
  const auto disposition = [](std::uint32_t first, std::uint32_t last) {
    return frame(0, 0, performative(0x15, 4, [&](Writer& w) {
                   w.boolean(true);
                   w.uint(first);
                   w.uint(last);
                   w.boolean(true);
                 }));
  };
  EXPECT_TRUE(verdict(talk + disposition(0, UINT32_MAX)));
  EXPECT_FALSE(verdict(talk + disposition(5, 5000)));
  EXPECT_FALSE(verdict(talk + disposition(UINT32_MAX - 1, 3)));  // wraps: five deliveries
}

TEST(FrameGuard, BombsInPerformativesAreRefused) {
  const auto bomb =
      frame(0, 0, performative(0x10, 1, [](Writer& w) { w.raw("\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40"s); }));
  EXPECT_STREQ(verdict(amqp_header + bomb).condition, "amqp:decode-error");
  EXPECT_FALSE(verdict(amqp_header + open_frame + begin(0) + attach(255)));
  EXPECT_STREQ(verdict(amqp_header + open_frame + begin(0) + attach(256)).condition, "amqp:not-allowed");
  EXPECT_TRUE(verdict(amqp_header + frame(0, 0, "\x00\x53\x19\x45"s)));  // no such performative
  EXPECT_TRUE(verdict(amqp_header + frame(0, 0,
                                          "\x00\xa3\x0e"
                                          "amqp:open:list\x45"s)));  // symbolic descriptor
  EXPECT_TRUE(verdict(amqp_header + frame(0, 0, "\x00\x53\x10\x45trailing"s)));
}

TEST(FrameGuard, MemoryIsBoundedByOneFrame) {
  FrameGuard guard;
  ASSERT_FALSE(guard.check(amqp_header));
  // A frame of the maximum size that never ends: the guard keeps what came, and asks for no more than was claimed.
  EXPECT_FALSE(guard.check("\x00\x01\x00\x00\x02\x00\x00\x00"s + std::string(60'000, '\0')));
}

}  // namespace
}  // namespace bascule::amqp
