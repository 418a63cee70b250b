#include <gtest/gtest.h>

#include "bascule/amqp/conversation.hpp"
#include "bascule/amqp/writer.hpp"

namespace bascule::amqp {
namespace {

enum : std::uint8_t { open = 0x10, begin, attach, flow, transfer, disposition, detach, end, close };

// A peer that says one performative after the other; each gives the condition it was refused with, or "".
struct Peer {
  template <class Fields>
  std::string say(std::uint8_t code, std::uint32_t count, Fields&& fields, std::uint16_t channel = 0) {
    std::string items;
    Writer writer(items);
    fields(writer);
    const auto error = conversation.take(code, channel, {as_bytes(items), count});
    EXPECT_EQ(error.condition == nullptr, error.description.empty());
    return error.condition == nullptr ? "" : error.condition;
  }
  std::string say(std::uint8_t code, std::uint16_t channel = 0) {
    return say(code, 0, [](Writer&) {}, channel);
  }
  std::string opens(std::string_view container = "c") {
    return say(open, 1, [&](Writer& w) { w.string(container); });
  }
  std::string attaches(std::uint32_t handle, bool as_receiver = false, std::string_view name = "link",
                       std::uint16_t channel = 0) {
    return say(
        attach, 3,
        [&](Writer& w) {
          w.string(name);
          w.uint(handle);
          w.boolean(as_receiver);
        },
        channel);
  }
  std::string transfers(std::uint32_t handle, bool id = true, bool more = false, bool aborted = false) {
    return say(transfer, 10, [&](Writer& w) {
      w.uint(handle);
      id ? w.uint(1) : w.null();
      id ? w.binary("tag") : w.null();
      w.uint(0);
      w.boolean(false);
      w.boolean(more);
      for (int i = 0; i < 3; ++i) w.null();
      w.boolean(aborted);
    });
  }
  std::string flows(std::optional<std::uint32_t> handle, bool windows = true) {
    return say(flow, 5, [&](Writer& w) {
      w.null();
      for (int i = 0; i < 3; ++i) windows ? w.uint(1) : w.null();
      handle ? w.uint(*handle) : w.null();
    });
  }
  std::string detaches(std::uint32_t handle) {
    return say(detach, 1, [&](Writer& w) { w.uint(handle); });
  }
  Peer& begun() {
    EXPECT_EQ(opens(), "");
    EXPECT_EQ(say(begin), "");
    return *this;
  }

  FrameLimits limits;
  Conversation conversation{limits};
};

TEST(Conversation, AnOrdinaryOnePasses) {
  Peer peer;
  peer.begun();
  EXPECT_EQ(peer.attaches(0), "");
  EXPECT_EQ(peer.attaches(1, true), "");
  EXPECT_EQ(peer.flows(1), "");
  EXPECT_EQ(peer.flows({}), "");
  EXPECT_EQ(peer.transfers(0), "");
  EXPECT_EQ(peer.detaches(0), "");
  EXPECT_EQ(peer.attaches(0), "") << "a handle is free again";
  EXPECT_EQ(peer.say(end), "");
  EXPECT_EQ(peer.say(begin), "") << "a channel is free again";
  EXPECT_EQ(peer.attaches(0), "") << "and so are its handles";
  EXPECT_EQ(peer.say(close), "");
}

TEST(Conversation, OpenComesFirstAndOnce) {
  for (const std::uint8_t code : {begin, attach, flow, transfer, disposition, detach, end, close}) {
    EXPECT_EQ(Peer().say(code), "amqp:illegal-state") << int{code};
  }
  Peer peer;
  EXPECT_EQ(peer.opens(), "");
  EXPECT_EQ(peer.opens(), "amqp:illegal-state");
}

TEST(Conversation, NothingComesAfterClose) {
  for (const std::uint8_t code : {open, begin, attach, flow, transfer, disposition, detach, end, close}) {
    Peer peer;
    peer.begun();
    EXPECT_EQ(peer.say(close), "");
    EXPECT_EQ(peer.say(code), "amqp:illegal-state") << int{code};
  }
}

TEST(Conversation, ASessionIsNeeded) {
  for (const std::uint8_t code : {attach, flow, transfer, disposition, detach, end}) {
    Peer peer;
    peer.begun();
    EXPECT_EQ(peer.say(code, 1), "amqp:illegal-state") << int{code} << " on another channel";
    EXPECT_EQ(peer.say(end), "");
    EXPECT_EQ(peer.say(code), "amqp:illegal-state") << int{code} << " after END";
  }
  Peer peer;
  peer.begun();
  EXPECT_EQ(peer.say(begin), "amqp:illegal-state");
  EXPECT_EQ(peer.say(begin, 15), "");
  EXPECT_EQ(peer.say(begin, 16), "amqp:not-allowed");
}

TEST(Conversation, HandlesAreAttachedOnce) {
  Peer peer;
  peer.begun();
  EXPECT_EQ(peer.attaches(3), "");
  EXPECT_EQ(peer.attaches(3), "amqp:session:handle-in-use");
  EXPECT_EQ(peer.attaches(256), "amqp:not-allowed");
  EXPECT_EQ(peer.attaches(UINT32_MAX), "amqp:not-allowed");
  EXPECT_EQ(peer.detaches(4), "amqp:session:unattached-handle");
  EXPECT_EQ(peer.detaches(UINT32_MAX), "amqp:session:unattached-handle");
  EXPECT_EQ(peer.flows(4), "amqp:session:unattached-handle");
  EXPECT_EQ(peer.transfers(4), "amqp:session:unattached-handle");
  EXPECT_EQ(peer.say(begin, 1), "");
  EXPECT_EQ(peer.attaches(3, false, "link", 1), "") << "another session's handles are others";
}

TEST(Conversation, OnlySendersTransfer) {
  Peer peer;
  peer.begun();
  EXPECT_EQ(peer.attaches(0, true), "");
  EXPECT_EQ(peer.transfers(0), "amqp:session:unattached-handle");
}

TEST(Conversation, ADeliveryBeginsWithItsId) {
  Peer peer;
  peer.begun();
  peer.attaches(0);
  peer.attaches(1);
  EXPECT_EQ(peer.transfers(0, false), "amqp:decode-error");
  EXPECT_EQ(peer.transfers(0, true, true), "");
  EXPECT_EQ(peer.transfers(0, false, true), "") << "needed once a delivery";
  EXPECT_EQ(peer.transfers(1, false), "amqp:decode-error") << "each link for itself";
  EXPECT_EQ(peer.transfers(0, false, false), "");
  EXPECT_EQ(peer.transfers(0, false), "amqp:decode-error");
  EXPECT_EQ(peer.transfers(0, true, true), "");
  EXPECT_EQ(peer.transfers(0, false, true, true), "") << "aborted";
  EXPECT_EQ(peer.transfers(0, false), "amqp:decode-error") << "the aborted one is over";
  EXPECT_EQ(peer.transfers(0, true, true), "");
  peer.detaches(0);
  peer.attaches(0);
  EXPECT_EQ(peer.transfers(0, false), "amqp:decode-error") << "a new link has no delivery under way";
}

TEST(Conversation, MandatoryFieldsAreThere) {
  Peer peer;
  EXPECT_EQ(peer.say(open), "amqp:decode-error");
  EXPECT_EQ(Peer().say(open, 1, [](Writer& w) { w.uint(1); }), "amqp:decode-error");
  EXPECT_EQ(Peer().opens(std::string(1024, 'x')), "");
  EXPECT_EQ(Peer().opens(std::string(1025, 'x')), "amqp:decode-error");
  Peer begun;
  begun.begun();
  EXPECT_EQ(begun.say(attach), "amqp:decode-error");
  EXPECT_EQ(begun.attaches(0, false, std::string(1025, 'x')), "amqp:decode-error");
  EXPECT_EQ(begun.say(attach, 2,
                      [](Writer& w) {
                        w.string("no role");
                        w.uint(0);
                      }),
            "amqp:decode-error");
  EXPECT_EQ(begun.flows({}, false), "amqp:decode-error");
  EXPECT_EQ(begun.say(flow), "amqp:decode-error");
  EXPECT_EQ(begun.say(disposition), "amqp:decode-error");
  EXPECT_EQ(begun.say(transfer), "amqp:session:unattached-handle");
  EXPECT_EQ(begun.say(detach), "amqp:session:unattached-handle");
}

TEST(Conversation, OpenDoesNotAskForWhatCannotBe) {
  const auto opened_with = [](std::optional<std::uint32_t> frame, std::optional<std::uint32_t> idle) {
    return Peer().say(open, 5, [&](Writer& w) {
      w.string("c");
      w.null();
      frame ? w.uint(*frame) : w.null();
      w.null();
      idle ? w.uint(*idle) : w.null();
    });
  };
  EXPECT_EQ(opened_with({}, {}), "");
  EXPECT_EQ(opened_with(512, 50), "");
  EXPECT_EQ(opened_with(UINT32_MAX, UINT32_MAX), "");
  EXPECT_EQ(opened_with({}, 0), "") << "none";
  EXPECT_EQ(opened_with(511, {}), "amqp:not-allowed");
  EXPECT_EQ(opened_with(0, {}), "amqp:not-allowed");
  EXPECT_EQ(opened_with({}, 1), "amqp:not-allowed");
  EXPECT_EQ(opened_with({}, 49), "amqp:not-allowed");
}

}  // namespace
}  // namespace bascule::amqp
