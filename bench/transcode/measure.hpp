// Alternating rounds of competing functions, and their figures: medians over the rounds, in one thread.
#pragma once

#include <time.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bascule::bench {

struct Contender {
  std::string name;
  std::function<void()> run;
  std::vector<double> wall;     ///< ns an operation, a round
  std::vector<double> cpu;      ///< the same of CPU time
  std::vector<double> batches;  ///< ns an operation of every small batch of every round
};

inline double now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

inline void round(Contender& contender, double budget_ns) {
  constexpr int batch = 64;
  const double start = now(CLOCK_MONOTONIC), cpu_start = now(CLOCK_THREAD_CPUTIME_ID);
  double last = start;
  std::size_t done = 0;
  while (last - start < budget_ns) {
    for (int i = 0; i < batch; ++i) contender.run();
    const double at = now(CLOCK_MONOTONIC);
    contender.batches.push_back((at - last) / batch);
    last = at;
    done += batch;
  }
  contender.wall.push_back((last - start) / static_cast<double>(done));
  contender.cpu.push_back((now(CLOCK_THREAD_CPUTIME_ID) - cpu_start) / static_cast<double>(done));
}

inline double quantile(std::vector<double> values, double q) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// The first contender is ours, the others its peers. One warm-up round each comes first and does not count.
inline void compete(std::vector<Contender>& contenders, int rounds, double budget_ns) {
  for (int i = 0; i <= rounds; ++i) {
    for (Contender& contender : contenders) round(contender, budget_ns);
    if (i > 0) continue;
    for (Contender& contender : contenders) contender.wall = contender.cpu = contender.batches = {};
  }
}

}  // namespace bascule::bench
