#include "bascule/broker/subscription.hpp"

#include <charconv>

namespace bascule::broker {
namespace {

// The first two are what brokers wrote before subscriptions had owners. Of the third: fields, each a letter, its size, a
// space and its bytes; what a reader does not know it skips.
constexpr std::string_view plain = "subscription ", filtered = "filtered-subscription ",
                           fielded = "subscription-fields ";

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
  const auto& [topic, filter, owner, expiry] = definition;
  std::string text(fielded);
  const auto put = [&text](char name, const std::string& value) {
    if (!value.empty()) text += name + std::to_string(value.size()) + " " + value;
  };
  put('t', topic);
  put('u', owner);
  if (filter.not_from != 0) put('o', std::to_string(filter.not_from));
  if (filter.selector != nullptr) put('s', filter.selector->text());
  if (expiry.when != Expiry::When::never) {
    put('e', std::to_string(static_cast<unsigned>(expiry.when)) + " " + std::to_string(expiry.seconds));
  }
  return text;
}

namespace {

std::optional<SubscriptionDefinition> decode_filtered(std::string_view text) {
  const auto origin = take_number(text), size = take_number(text);
  if (!origin || !size || *size > text.size()) return {};
  SubscriptionDefinition made{.topic = std::string(text.substr(0, *size)), .filter = {.not_from = *origin}};
  if (const auto selector = text.substr(*size); !selector.empty()) {
    made.filter.selector = std::make_shared<const Selector>(selector);
  }
  return made;
}

bool set_field(SubscriptionDefinition& made, char name, std::string_view value) {
  std::string number = std::string(value) + " ";
  std::string_view rest = number;
  switch (name) {
    case 't': made.topic = value; return true;
    case 'u': made.owner = value; return true;
    case 's': made.filter.selector = std::make_shared<const Selector>(value); return true;
    case 'o': {
      const auto origin = take_number(rest);
      made.filter.not_from = origin.value_or(0);
      return origin.has_value();
    }
    case 'e': {
      const auto when = take_number(rest), seconds = take_number(rest);
      if (!when || !seconds || *when > 3) return false;
      made.expiry = {static_cast<Expiry::When>(*when), static_cast<std::uint32_t>(*seconds)};
      return true;
    }
    default: return true;
  }
}

}  // namespace

std::optional<SubscriptionDefinition> decode_definition(std::string_view text) {
  if (text.starts_with(plain)) return SubscriptionDefinition{.topic = std::string(text.substr(plain.size()))};
  if (text.starts_with(filtered)) return decode_filtered(text.substr(filtered.size()));
  if (!text.starts_with(fielded)) return {};
  text.remove_prefix(fielded.size());
  SubscriptionDefinition made;
  while (!text.empty()) {
    const char name = text.front();
    text.remove_prefix(1);
    const auto size = take_number(text);
    if (!size || *size > text.size() || !set_field(made, name, text.substr(0, *size))) return {};
    text.remove_prefix(*size);
  }
  return made.topic.empty() ? std::nullopt : std::optional(std::move(made));
}

}  // namespace bascule::broker
