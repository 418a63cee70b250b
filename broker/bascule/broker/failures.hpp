// Failures: how often each address may fail to prove who it is: so many at once, one more each `refill`; then it is refused
// without a look at what it says.
// Bound: max_peers addresses are remembered. Thread safety: none of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace bascule::broker {

class Failures {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t max_peers = 10'000;
  static constexpr std::chrono::milliseconds refill{3'000};

  explicit Failures(std::uint32_t at_once) : burst_(at_once) {}

  /// May this host (without a port) try?
  bool admits(const std::string& host, Time now) { return allowance(host, now) >= 1; }
  void failed(const std::string& host, Time now) { allowance(host, now) -= 1; }
  std::size_t peers() const noexcept { return peers_.size(); }

 private:
  struct Allowance {
    double left = 0;
    Time at{};
  };
  double& allowance(const std::string& host, Time now);

  const double burst_;
  std::unordered_map<std::string, Allowance> peers_;
};

}  // namespace bascule::broker
