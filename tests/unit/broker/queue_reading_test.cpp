// Who reads how: selectors, browsers, priorities.
#include <map>
#include <random>

#include "queue_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

using QueueReading = QueueTest;

TEST_F(QueueReading, ASelectorTakesOnlyWhatItSelects) {
  make();
  Sink picky(*queue, 10, selecting("kind = 'b'"));
  for (const char* kind : {"a", "b", "a", "b"}) send({.body = kind, .kind = kind});
  EXPECT_EQ(picky.bodies, (Bodies{"b", "b"}));
  Sink any(*queue, 10);
  EXPECT_EQ(any.bodies, (Bodies{"a", "a"}));
  picky.settle(0, released);
  EXPECT_EQ(picky.bodies.size() + any.bodies.size(), 5u) << "whoever is next";
}

TEST_F(QueueReading, WhatComesBackIsFoundAgainInItsPlace) {
  make();
  Sink picky(*queue, 3, selecting("kind = 'b'"));
  for (const char* body : {"1", "2", "3", "4"}) send({.body = body, .kind = "b"});
  picky.settle(1, released);
  picky.settle(0, released);
  picky.flow(3);
  EXPECT_EQ(picky.bodies, (Bodies{"1", "2", "3", "1", "2", "4"}));
}

TEST_F(QueueReading, ConsumersOfOneSelectorShareAndTakeTurns) {
  make();
  Sink one(*queue, 10, selecting("kind = 'b'")), two(*queue, 10, selecting("kind = 'b'"));
  for (int i = 0; i < 6; ++i) send({.kind = "b"});
  EXPECT_EQ(one.bodies.size(), 3u);
  EXPECT_EQ(two.bodies.size(), 3u);
}

TEST_F(QueueReading, ASelectorLooksAtABoundedNumberAtATimeAndAtEachOnce) {
  make();
  for (int i = 0; i < 100'000; ++i) send({.kind = "a"});
  send({.body = "found", .kind = "b"});
  Sink picky(*queue, 0, selecting("kind = 'b'"));
  picky.flow(2);
  EXPECT_TRUE(picky.bodies.empty()) << "not in one go";
  EXPECT_EQ(events.wants_to_look, 1);
  EXPECT_TRUE(queue->looking(picky));
  int turns = 0;
  for (int asked = 0; events.wants_to_look > asked; ++turns) {
    asked = events.wants_to_look;
    queue->look_on(start);
  }
  EXPECT_EQ(picky.bodies, (Bodies{"found"}));
  EXPECT_LT(turns, 200);
  EXPECT_GT(turns, 20);
  EXPECT_EQ(picky.told_looked_through, 1);
  EXPECT_FALSE(queue->looking(picky));
  send({.body = "next", .kind = "b"});
  EXPECT_EQ(picky.bodies, (Bodies{"found", "next"})) << "at once: nothing is looked at twice";
}

TEST_F(QueueReading, SelectorsAreBounded) {
  make({.max_selectors = 2});
  Sink one(*queue, 0, selecting("kind = 'a'")), two(*queue, 0, selecting("kind = 'b'"));
  EXPECT_TRUE(queue->takes(Selector("kind = 'a'")));
  EXPECT_FALSE(queue->takes(Selector("kind = 'c'")));
}

TEST_F(QueueReading, ABrowserSeesAllThatWaitsAndTakesNothing) {
  make();
  for (const char* body : {"a", "b", "c"}) publish(body);
  Sink browser(*queue, 10, {.browses = true});
  EXPECT_EQ(browser.bodies, (Bodies{"a", "b", "c"}));
  EXPECT_EQ(queue->available(), 3u);
  EXPECT_EQ(queue->consumers(), 0u) << "it does not count as a consumer";
  Sink taker(*queue, 10);
  EXPECT_EQ(taker.bodies, (Bodies{"a", "b", "c"}));
  EXPECT_TRUE(taker.headers[0].first_acquirer) << "it was only looked at";
  publish("d");
  EXPECT_EQ(browser.bodies.back(), "d");
}

TEST_F(QueueReading, ABrowsersPlaceIsStableWhileOthersTake) {
  make();
  for (int i = 0; i < 1000; ++i) publish(std::to_string(i));
  Sink browser(*queue, 10, {.browses = true}), taker(*queue, 500);
  EXPECT_EQ(browser.bodies.back(), "9");
  for (std::size_t i = 0; i < 500; ++i) taker.settle(i);
  browser.flow(1);
  EXPECT_EQ(browser.bodies.back(), "500");
  browser.flow(10'000);
  EXPECT_EQ(browser.bodies.size(), 10u + 500u);
  EXPECT_EQ(browser.bodies.back(), "999");
}

TEST_F(QueueReading, ABrowserMaySelect) {
  make();
  for (const char* kind : {"a", "b", "a"}) send({.body = kind, .kind = kind});
  Reading reading = selecting("kind <> 'a'");
  reading.browses = true;
  Sink browser(*queue, 10, reading);
  EXPECT_EQ(browser.bodies, (Bodies{"b"}));
}

TEST_F(QueueReading, AHigherPriorityGoesFirst) {
  make();
  for (const int priority : {4, 0, 9, 5, 4, 9, 3}) {
    send({.body = std::to_string(priority), .priority = static_cast<std::uint8_t>(priority)});
  }
  Sink sink(*queue, 10);
  EXPECT_EQ(sink.bodies, (Bodies{"9", "9", "5", "4", "4", "3", "0"}));
}

TEST_F(QueueReading, WhatComesBackKeepsItsPriority) {
  make();
  Sink sink(*queue, 2);
  send({.body = "low", .priority = 1});
  send({.body = "high", .priority = 8});
  publish("usual");
  sink.settle(0, released);
  sink.settle(1, released);
  sink.flow(10);
  EXPECT_EQ(sink.bodies, (Bodies{"low", "high", "high", "usual", "low"}));
}

TEST_F(QueueReading, WithoutPrioritiesOrderIsOrder) {
  make({.priorities = false});
  for (const int priority : {0, 9, 5}) {
    send({.body = std::to_string(priority), .priority = static_cast<std::uint8_t>(priority)});
  }
  Sink sink(*queue, 10);
  EXPECT_EQ(sink.bodies, (Bodies{"0", "9", "5"}));
}

TEST_F(QueueReading, PrioritiesHoldForSelectorsToo) {
  make();
  for (const int priority : {4, 1, 9}) {
    send({.body = std::to_string(priority), .priority = static_cast<std::uint8_t>(priority), .kind = "b"});
    send({.body = "x", .priority = 7, .kind = "a"});
  }
  Sink sink(*queue, 10, selecting("kind = 'b'"));
  EXPECT_EQ(sink.bodies, (Bodies{"9", "4", "1"}));
}

TEST_F(QueueReading, DropHeadDropsTheOldestWhateverItsPriority) {
  make({.max_messages = 3, .overflow = Overflow::drop_head});
  publish("old");
  send({.body = "urgent", .priority = 9});
  publish("new");
  publish("newer");
  EXPECT_EQ(events.all, (std::vector<Events::Discarded>{{"old", Discard::dropped, 0}}));
  Sink sink(*queue, 10);
  EXPECT_EQ(sink.bodies, (Bodies{"urgent", "new", "newer"}));
}

TEST_F(QueueReading, GroupsKeepTheirOrderWhateverConsumersDoAndWhateverThePriorities) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const unsigned priorities = seed % 2 == 0 ? 1 : 10;
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    make({.max_deliveries = 0});
    std::array<std::unique_ptr<Sink>, 3> sinks;
    for (auto& sink : sinks) sink = std::make_unique<Sink>(*queue);
    std::array<std::size_t, 3> settled{};
    std::map<char, int> published, done;
    const auto settle_next = [&](std::size_t s) {
      Sink& sink = *sinks[s];
      if (settled[s] == sink.positions.size()) return;
      const std::size_t i = settled[s]++;
      if (random() % 4 == 0 && i + 1 == sink.positions.size()) return sink.settle(i, released);
      const char group = sink.bodies[i][0];
      ASSERT_EQ(std::stoi(sink.bodies[i].substr(1)), done[group]++) << "group " << group;
      sink.settle(i);
    };
    for (int step = 0; step < 300 && !HasFatalFailure(); ++step) {
      const char group = static_cast<char>('a' + random() % 3);
      const auto sink = random() % 3;
      switch (random() % 3) {
        case 0:
          send({.body = group + std::to_string(published[group]++),
                .group_id = {group},
                .priority = static_cast<std::uint8_t>(random() % priorities)});
          break;
        case 1: sinks[sink]->flow(1); break;
        default: settle_next(sink);
      }
    }
    for (int round = 0; round < 1000 && queue->size() > 0 && !HasFatalFailure(); ++round) {
      for (std::size_t s = 0; s < 3; ++s) {
        sinks[s]->flow(1);
        settle_next(s);
      }
    }
    ASSERT_EQ(queue->size(), 0u) << "some message never came";
    ASSERT_EQ(published, done);
  }
}

TEST_F(QueueReading, AnIdleGroupTakesItsPriority) {
  make();
  send({.body = "usual", .group_id = "a"});
  send({.body = "urgent", .group_id = "b", .priority = 9});
  send({.body = "behind", .group_id = "a", .priority = 9});
  Sink sink(*queue, 10);
  EXPECT_EQ(sink.bodies, (Bodies{"urgent", "usual", "behind"}));
}

TEST_F(QueueReading, ReleasingForeverCostsNoMemoryForThoseWhoDoNotRead) {
  make();
  Sink bouncing(*queue, 1, selecting("kind = 'b'")), plain(*queue);
  send({.body = "x", .kind = "b"});
  for (std::size_t i = 0; i < 20'000; ++i) {
    bouncing.settle(i, released);
    bouncing.flow(1);
  }
  plain.flow(1);
  EXPECT_TRUE(plain.bodies.empty());
  bouncing.settle(bouncing.positions.size() - 1, released);
  EXPECT_EQ(plain.bodies.size() + bouncing.bodies.size(), 20'002u);
}

}  // namespace
}  // namespace bascule::broker
