#include "bascule/contracts/announcement.hpp"

#include <simdjson.h>

#include <algorithm>

namespace bascule::contracts {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::int64_t shortest_interval = 100, longest_interval = 60'000;

bool read(const simdjson::dom::object& object, std::string_view key, std::string& to) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS || text.empty() || text.size() > longest_name) return false;
  to = text;
  return true;
}

std::optional<Announcement::State> state_of(const simdjson::dom::object& object) {
  std::string_view text;
  if (object["state"].get(text) != simdjson::SUCCESS) return std::nullopt;
  if (text == "up") return Announcement::State::up;
  if (text == "down") return Announcement::State::down;
  if (text == "who") return Announcement::State::who;
  return std::nullopt;
}

}  // namespace

std::optional<Announcement> parse_announcement(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (json.size() > 4096 || parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
    return std::nullopt;
  Announcement result;
  const auto state = state_of(object);
  if (!state) return std::nullopt;
  result.state = *state;
  if (result.state == Announcement::State::who) return result;
  if (!read(object, "service", result.service) || !read(object, "instance", result.instance) ||
      !read(object, "address", result.address) || !read(object, "digest", result.digest)) {
    return std::nullopt;
  }
  std::int64_t interval = 2000;
  if (object["interval_ms"].get(interval) != simdjson::SUCCESS) interval = 2000;
  result.interval = std::chrono::milliseconds(std::clamp(interval, shortest_interval, longest_interval));
  return result;
}

}  // namespace bascule::contracts
