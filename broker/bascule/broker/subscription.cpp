#include "bascule/broker/subscription.hpp"

#include <charconv>

namespace bascule::broker {
namespace {

constexpr std::string_view plain = "subscription ", filtered = "filtered-subscription ";

// The number in front of the next space; both are taken off.
std::optional<std::uint64_t> take_number(std::string_view& text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

}  // namespace

Origin origin_of(std::string_view container_id) noexcept {
  if (container_id.empty()) return 0;
  // FNV-1a: a durable subscription's is compared after a restart, so it must not change with the library.
  Origin hash = 0xcbf29ce484222325U;
  for (const char c : container_id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash == 0 ? 1 : hash;
}

bool SubscriptionFilter::same_as(const SubscriptionFilter& other) const noexcept {
  if (not_from != other.not_from || (selector == nullptr) != (other.selector == nullptr)) return false;
  return selector == nullptr || selector->text() == other.selector->text();
}

std::string encode_definition(const SubscriptionDefinition& definition) {
  const auto& [topic, filter] = definition;
  if (filter.selector == nullptr && filter.not_from == 0) return std::string(plain) + topic;
  return std::string(filtered) + std::to_string(filter.not_from) + " " + std::to_string(topic.size()) + " " + topic +
         (filter.selector ? filter.selector->text() : std::string());
}

std::optional<SubscriptionDefinition> decode_definition(std::string_view text) {
  if (text.starts_with(plain)) return SubscriptionDefinition{.topic = std::string(text.substr(plain.size()))};
  if (!text.starts_with(filtered)) return {};
  text.remove_prefix(filtered.size());
  const auto origin = take_number(text), size = take_number(text);
  if (!origin || !size || *size > text.size()) return {};
  SubscriptionDefinition made{.topic = std::string(text.substr(0, *size)), .filter = {.not_from = *origin}};
  if (const auto selector = text.substr(*size); !selector.empty()) {
    made.filter.selector = std::make_shared<const Selector>(selector);
  }
  return made;
}

}  // namespace bascule::broker
