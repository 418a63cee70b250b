// Spans of time, sizes and addresses as people write them: "250ms", "1MiB", "127.0.0.1:8080".
// Thread safety: pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::config {

/// A TCP address to listen on or to reach.
struct Endpoint {
  std::string host = "127.0.0.1";  ///< a name or an address; IPv6 without brackets
  std::uint16_t port = 0;          ///< 0: the kernel chooses (listeners only)

  std::string text() const;  ///< "127.0.0.1:8080", "[::1]:8080"
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "250ms", "5s", "2m", "1h"; a bare 0. nullopt when it is none of these or overflows.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "65536", "64KiB", "1MiB", "2GiB" (and B, K, M, G for the same powers of 1024).
std::optional<std::uint64_t> parse_size(std::string_view text);
/// "host:port", "[v6]:port", ":port" (all interfaces of IPv4).
std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace bascule::config
