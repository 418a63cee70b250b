// Spin: whether a loop that has nothing to do should watch for work a little before it sleeps.
//
// To sleep and to be woken costs two threads 10 to 50 us together, most of all in a virtual machine, where a core that idles
// is handed back to the host: a request that crosses four threads pays it four times. Whoever watches for as long as
// sleeping would have cost is at most twice as dear as whoever knew (ski rental), and where messages come faster than that,
// cheaper. So a loop watches for a short while, giving the core to whoever else wants it; when that was in vain it sleeps at
// once the next 1, 2, 4 ... 64 times: a process that waits for milliseconds loses 1 % of that while a wait. And when somebody
// else kept the core for long there is more work than cores: being woken is then the quicker way to a core than standing in
// line for one, and the loop does not watch for the next second. Once is no proof: a timer of the kernel or a burst
// elsewhere keeps a core for long now and then, and a busy server would seldom watch; so it takes two within 512
// watches. Linux does the like below (cpuidle's haltpoll).
//
// Where work always comes while it is watched for, the loop is one of several processes that pass a stream of messages on, and
// when one of them wakes it should not interrupt the one before it in the middle of a burst: the burst would go on in pieces,
// with a change of process for each. So steady() asks for SCHED_BATCH (Linux sched(7)), under which a thread that wakes waits
// until the core is free, and no longer once the machine proves crowded.
//
// Pure: time is passed in. Thread safety: none of its own; one a loop.
#pragma once

#include <algorithm>

#include "bascule/loop/deadline.hpp"

namespace bascule {

class Spin {
 public:
  /// Gone for so long, the core was somebody's who had work of his own and not the work that is waited for.
  static constexpr std::chrono::milliseconds crowded{2};
  static constexpr std::chrono::seconds avoid{1};
  /// A core that was lost is forgiven after so many watches that kept it.
  static constexpr int forgiven_after = 512;

  /// Asked each time there is nothing to do: watch (then say how it ended), or sleep at once.
  bool worth_it(Clock::time_point now) noexcept {
    if (now < not_before_) return false;
    if (skip_ == 0) return true;
    --skip_;
    return false;
  }
  /// `gone`: the longest that the core was given away meanwhile.
  void ended(Clock::time_point now, bool found_work, Clock::duration gone) noexcept {
    strikes_ = gone > crowded ? strikes_ + forgiven_after : std::max(strikes_ - 1, 0);
    const bool crowded_out = strikes_ > forgiven_after;
    if (crowded_out) {
      not_before_ = now + avoid;
      strikes_ = 0;
    }
    failures_ = found_work ? 0 : std::min(failures_ + 1, 7);
    skip_ = found_work ? 0 : (1 << failures_) / 2;
    steady_ = !crowded_out && failures_ < patience && (found_work || steady_);
  }
  /// Whether work comes without pause, and to be woken late is no loss.
  bool steady() const noexcept { return steady_; }

 private:
  static constexpr int patience = 3;  ///< watches in vain, in a row

  Clock::time_point not_before_ = Clock::time_point::min();
  int strikes_ = 0;
  int failures_ = 0;
  int skip_ = 0;
  bool steady_ = false;
};

}  // namespace bascule
