// What both clients of the benchmark print: one JSON line of rate, latency and processor time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

class Measure {
 public:
  explicit Measure(std::size_t total) : total_(total) { latencies_.reserve(total); }
  void begin() { begun_ = Clock::now(); }
  /// True when this was the last one.
  bool done(Clock::time_point started) {
    latencies_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - started).count());
    return latencies_.size() == total_;
  }
  void print() {
    const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
    std::sort(latencies_.begin(), latencies_.end());
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    const double cpu_us =
        (static_cast<double>(cpu.tv_sec) * 1e6 + static_cast<double>(cpu.tv_nsec) / 1e3) / static_cast<double>(total_);
    std::printf("{\"rate\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"client_cpu_us\":%.2f}\n",
                static_cast<double>(total_) / seconds, latencies_[total_ / 2], latencies_[total_ * 99 / 100], cpu_us);
    std::fflush(stdout);
  }

 private:
  std::size_t total_;
  std::vector<double> latencies_;
  Clock::time_point begun_;
};

}  // namespace bench
