#include "bascule/events/outbox.hpp"

#include <array>
#include <chrono>
#include <random>

namespace bascule::events {

std::string new_event_id() {
  // Random bits need to be unique, not secret: an event id grants nothing.
  thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()).time_since_epoch();
  const std::uint64_t high = static_cast<std::uint64_t>(now.count()) << 16 | 0x7000 | (random() & 0xfff);
  const std::uint64_t low = (random() >> 2) | 0x8000'0000'0000'0000;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text += '-';
    const auto half = digit < 16 ? high : low;
    text += hex[half >> (60 - digit % 16 * 4) & 15];
  }
  return text;
}

std::string outbox_add(pg::Transaction& tx, OutboxRow row) {
  if (row.event_id.empty()) row.event_id = new_event_id();
  std::vector<std::string> headers;
  for (auto& [name, value] : row.headers) {
    headers.push_back(std::move(name));
    headers.push_back(std::move(value));
  }
  tx.queue(
      "insert into bascule_outbox (event_id, topic, type, key, body, headers) values ($1, $2, $3, $4, $5, "
      "$6)",
      row.event_id, std::move(row.topic), std::move(row.type), std::move(row.key), pg::Bytes{std::move(row.body)},
      headers);
  return row.event_id;
}

}  // namespace bascule::events
