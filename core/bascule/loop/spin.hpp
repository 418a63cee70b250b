// Spin: whether a loop that has nothing to do should watch for work a little before it sleeps.
//
// To sleep and to be woken costs two threads 10 to 50 us together, most of all in a virtual machine, where a core that idles
// is handed back to the host: a request that crosses four threads pays it four times. Whoever watches for as long as
// sleeping would have cost is at most twice as dear as whoever knew (ski rental), and where messages come faster than that,
// cheaper. So a loop watches for up to `limit`; when that was in vain it sleeps at once the next 1, 2, 4 ... 64 times: a
// process that waits for milliseconds loses 1 % of `limit` a wait. Linux does the same below (cpuidle's haltpoll).
//
// Pure: no clock and no thread; Loop asks and tells.
#pragma once

#include <algorithm>

namespace bascule {

class Spin {
 public:
  /// Asked each time there is nothing to do: watch (then say how it ended), or sleep at once.
  bool worth_it() noexcept {
    if (skip_ == 0) return true;
    --skip_;
    return false;
  }
  void ended(bool found_work) noexcept {
    failures_ = found_work ? 0 : std::min(failures_ + 1, 7);
    skip_ = found_work ? 0 : (1 << failures_) / 2;
  }

 private:
  int failures_ = 0;
  int skip_ = 0;
};

}  // namespace bascule
