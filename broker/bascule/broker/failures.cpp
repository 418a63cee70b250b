#include "bascule/broker/failures.hpp"

#include <algorithm>

namespace bascule::broker {

double& Failures::allowance(const std::string& host, Time now) {
  if (peers_.size() >= max_peers && !peers_.contains(host)) {
    // Those that have their whole allowance again are as good as unknown.
    std::erase_if(peers_,
                  [this, now](const auto& entry) { return now - entry.second.at > refill * static_cast<int>(burst_); });
    if (peers_.size() >= max_peers) peers_.erase(peers_.begin());
  }
  auto& peer = peers_[host];
  const bool is_new = peer.at == Time{};
  peer.left = is_new ? burst_ : std::min(burst_, peer.left + std::chrono::duration<double>(now - peer.at) / refill);
  peer.at = now;
  return peer.left;
}

}  // namespace bascule::broker
