#include "bascule/config/quantity.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace bascule::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// <digits><unit>, nothing else: no sign, no space, no fraction.
template <std::size_t N>
std::optional<std::uint64_t> parse_with_unit(std::string_view text, const std::array<Unit, N>& units) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || text.empty()) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / known.factor)
      return std::nullopt;
    return value * known.factor;
  }
  return std::nullopt;
}

constexpr std::uint64_t kib = 1024, mib = kib * 1024, gib = mib * 1024;
constexpr std::array<Unit, 4> time_units{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
constexpr std::array<Unit, 8> size_units{
    {{"", 1}, {"B", 1}, {"KiB", kib}, {"K", kib}, {"MiB", mib}, {"M", mib}, {"GiB", gib}, {"G", gib}}};

}  // namespace

std::string Endpoint::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds(0);
  const auto value = parse_with_unit(text, time_units);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse_with_unit(text, size_units); }

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view port = text.substr(colon + 1);
  std::string_view host = text.substr(0, colon);
  Endpoint endpoint;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  if (!host.empty() && host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address without brackets is ambiguous
  }
  endpoint.host = host.empty() ? "0.0.0.0" : std::string(host);
  return endpoint;
}

}  // namespace bascule::config
