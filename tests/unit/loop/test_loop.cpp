#include <gtest/gtest.h>
#include <sched.h>

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bascule/loop/loop.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;

// Writes down after how many handlers it was called.
struct Writer final : EndOfTurn {
  explicit Writer(Loop& on) : loop(on) {}
  ~Writer() { loop.forget(*this); }
  void handler() {
    ++handled;
    if (!std::exchange(dirty, true)) loop.at_end_of_turn(*this);
  }
  void end_of_turn() override {
    dirty = false;
    written_after.push_back(handled);
  }
  Loop& loop;
  int handled = 0;
  bool dirty = false;
  std::vector<int> written_after;
};

class LoopTest : public testing::TestWithParam<std::chrono::microseconds> {
 protected:
  LoopTest() { loop_.spin(GetParam()); }
  void handlers(int n, bool of_many) {
    for (int i = 0; i < n; ++i) {
      loop_.post([this, of_many] {
        writer_.handler();
        if (of_many) loop_.one_of_many();
      });
    }
    loop_.post([this] { loop_.post([this] { loop_.stop(); }); });  // behind the end of the turn
  }
  Loop loop_;
  Writer writer_{loop_};
};

TEST_P(LoopTest, WhatATurnProducesIsWrittenOnceAtItsEnd) {
  handlers(40, false);
  loop_.run();
  EXPECT_EQ(writer_.written_after, (std::vector{40}));
}

TEST_P(LoopTest, ALongTurnIsWrittenInParts) {
  handlers(40, true);
  loop_.run();
  EXPECT_EQ(writer_.written_after, (std::vector{16, 32, 40}));
}

TEST_P(LoopTest, PartsAreCountedFromTheLastTimeThatWasWritten) {
  for (int i = 0; i < 10; ++i) {
    loop_.post([this] {
      writer_.handler();
      loop_.one_of_many();
    });
  }
  loop_.post([this] { loop_.finish_turn(); });
  handlers(20, true);
  loop_.run();
  EXPECT_EQ(writer_.written_after, (std::vector{10, 26, 30}));
}

TEST_P(LoopTest, WorkFromAnotherThreadEndsTheWait) {
  int done = 0;
  std::thread other([this, &done] {
    for (int i = 0; i < 1000; ++i) {
      loop_.post([&done] { ++done; });
      if (i % 100 == 0) std::this_thread::sleep_for(1ms);  // long enough for the loop to fall asleep
    }
    loop_.post([this] { loop_.stop(); });
  });
  loop_.run();
  other.join();
  EXPECT_EQ(done, 1000);
}

TEST_P(LoopTest, ATimerEndsTheWait) {
  asio::steady_timer timer(loop_.context(), 5ms);
  timer.async_wait([this](boost::system::error_code) { loop_.stop(); });
  loop_.run();
}

TEST_P(LoopTest, StopFromAnotherThreadEndsIt) {
  std::thread other([this] { loop_.stop(); });
  loop_.run();
  other.join();
}

INSTANTIATE_TEST_SUITE_P(Spin, LoopTest, testing::Values(0us, 50us, 10'000us),
                         [](const auto& value) { return std::to_string(value.param.count()) + "us"; });

// Runs until another thread has stopped it; what it did meanwhile.
struct Idled {
  std::uint64_t sleeps, spins, found;
};
Idled idled(std::chrono::nanoseconds spin) {
  const auto& counted = Loop::idling();
  const Idled before{counted.sleeps, counted.spins, counted.spins_found};
  Loop loop;
  loop.spin(spin);
  std::thread other([&loop] {
    std::this_thread::sleep_for(5ms);
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  other.join();
  return {counted.sleeps - before.sleeps, counted.spins - before.spins, counted.spins_found - before.found};
}

TEST(LoopIdlingTest, ALoopThatMayWatchForLongEnoughDoesNotSleep) {
  // On a busy machine the work may be there before the loop is: then there was nothing to watch for.
  Idled did{};
  for (int tries = 0; did.spins == 0 && tries < 1000; ++tries) {
    did = idled(1min);
    ASSERT_EQ(did.sleeps, 0U);
  }
  EXPECT_EQ(did.spins, 1U);
  EXPECT_EQ(did.found, 1U);
}

TEST(LoopIdlingTest, ALoopThatMayNotWatchDoesNot) { EXPECT_EQ(idled(0ns).spins, 0U); }

// Watches until it has found work, then says by which policy this thread runs.
int policy_with_steady_work() {
  Loop loop;
  loop.spin(1min);
  int policy = -1;
  const auto found = Loop::idling().spins_found + 2;  // the second: by then the first has been thought about
  std::thread other([&] {
    while (Loop::idling().spins_found < found) loop.post([] {});
    loop.post([&] {
      policy = ::sched_getscheduler(0);
      loop.stop();
    });
  });
  loop.run();
  other.join();
  return policy;
}

TEST(LoopPolicyTest, WithSteadyWorkALoopDoesNotInterruptOthersAndInTheEndItDoesAgain) {
  std::thread([] {
    // On a machine that is crowded just then it keeps its policy, and is right to.
    int policy = SCHED_OTHER;
    for (int tries = 0; policy != SCHED_BATCH && tries < 100; ++tries) policy = policy_with_steady_work();
    EXPECT_EQ(policy, SCHED_BATCH);
    EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  }).join();
}

TEST(LoopPolicyTest, APolicyThatWasChosenStays) {
  std::thread([] {
    const sched_param none{};
    ASSERT_EQ(::sched_setscheduler(0, SCHED_IDLE, &none), 0);
    EXPECT_EQ(policy_with_steady_work(), SCHED_IDLE);
  }).join();
}

}  // namespace
}  // namespace bascule
