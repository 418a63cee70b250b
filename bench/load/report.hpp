// What every load generator prints when it is done: one JSON line of times and processor time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>

namespace bench {

/// Nanoseconds of CLOCK_MONOTONIC: one clock for all processes of the machine.
inline std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

/// Counts messages, each with its latency, from begin() until `total` of them are done.
class Report {
 public:
  explicit Report(std::size_t total) : total_(total) { latencies_.reserve(total); }
  void begin() { begun_ = now_ns(); }
  /// True when this was the last one.
  bool done(std::int64_t since_ns) {
    const auto now = now_ns();
    if (begun_ == 0) begun_ = now;
    latencies_.push_back(static_cast<float>(now - since_ns) / 1e3F);
    return latencies_.size() == total_;
  }
  void print() {
    const auto ended = now_ns();
    std::sort(latencies_.begin(), latencies_.end());
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    const double used = (static_cast<double>(cpu.tv_sec) * 1e6 + static_cast<double>(cpu.tv_nsec) / 1e3);
    std::printf("{\"begun_ns\":%lld,\"ended_ns\":%lld,\"p50_us\":%.1f,\"p99_us\":%.1f,\"cpu_us\":%.3f}\n",
                static_cast<long long>(begun_), static_cast<long long>(ended), percentile(50), percentile(99),
                used / static_cast<double>(total_));
    std::fflush(stdout);
  }

 private:
  double percentile(std::size_t n) const { return latencies_[std::min(total_ - 1, total_ * n / 100)]; }

  std::size_t total_;
  std::vector<float> latencies_;
  std::int64_t begun_ = 0;
};

}  // namespace bench
