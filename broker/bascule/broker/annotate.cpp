#include "bascule/broker/annotate.hpp"

#include <algorithm>

#include "bascule/broker/properties.hpp"

namespace bascule::broker {

// Writes the key; the value is the caller's.
Writer Annotations::entry(std::string_view key) {
  keys.emplace_back(key);
  count += 2;
  Writer out(items);
  out.symbol(key);
  return out;
}

void Annotations::symbol(std::string_view key, std::string_view value) { entry(key).symbol(value.substr(0, 255)); }
void Annotations::string(std::string_view key, std::string_view value) { entry(key).string(value); }
void Annotations::uint(std::string_view key, std::uint32_t value) { entry(key).uint(value); }
void Annotations::timestamp(std::string_view key, std::int64_t milliseconds) { entry(key).timestamp(milliseconds); }
void Annotations::encoded(std::string_view key, Bytes value) { entry(key).raw(value); }

void Annotations::merge(const Annotations& other) {
  Annotations merged;
  Reader pairs(items);
  for (const std::string& key : keys) {
    pairs.text();
    const Bytes value = pairs.value();
    if (std::find(other.keys.begin(), other.keys.end(), key) == other.keys.end()) merged.encoded(key, value);
  }
  merged.items.insert(merged.items.end(), other.items.begin(), other.items.end());
  merged.count += other.count;
  merged.keys.insert(merged.keys.end(), other.keys.begin(), other.keys.end());
  *this = std::move(merged);
}

MessageRef with_annotations(const Message& message, const Annotations& added, Time now) {
  Bytes rest = message.body();
  std::vector<std::uint8_t> items;
  std::uint32_t count = 0;
  Reader reader(rest);
  if (reader.section() == Section::message_annotations) {
    const Bytes map = reader.value();
    std::uint32_t all = 0;
    Reader inside = Reader(map).items(all);
    for (; all >= 2; all -= 2) {
      const std::uint8_t* const start = inside.position();
      const auto key = inside.text().value_or("");
      inside.value();
      if (std::find(added.keys.begin(), added.keys.end(), key) != added.keys.end()) continue;
      items.insert(items.end(), start, inside.position());
      count += 2;
    }
    rest = rest.subspan(rest.size() - reader.left());
  }
  items.insert(items.end(), added.items.begin(), added.items.end());
  std::vector<std::uint8_t> bytes;
  bytes.reserve(rest.size() + items.size() + 64);
  Writer out(bytes);
  out.raw(encode(Header{.durable = message.durable(), .priority = message.priority()}).view());
  out.section(Section::message_annotations);
  out.map(count + added.count, items);
  out.raw(rest);
  const MessageRef made = make_message(bytes, now);
  if (made) made->set_tail(message.tail());
  return made;
}

bool has_message_annotations(const Message& message) noexcept {
  return Reader(message.body()).section() == Section::message_annotations;
}

std::optional<std::int64_t> asked_delivery_time(const Message& message, std::int64_t wall_now) noexcept {
  const Bytes body = message.body();
  for (const std::string_view key : {"x-opt-delivery-time", "x-opt-scheduled-enqueue-time"}) {
    const Bytes value = find_in_map(body, Section::message_annotations, key);
    if (const auto at = Reader(value).signed_integer()) return at;
  }
  const Bytes value = find_in_map(body, Section::message_annotations, "x-opt-delivery-delay");
  const auto delay = Reader(value).signed_integer();
  if (!delay || *delay <= 0 || *delay > INT64_MAX - wall_now) return {};
  return wall_now + *delay;
}

}  // namespace bascule::broker
