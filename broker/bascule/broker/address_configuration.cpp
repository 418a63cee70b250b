#include "bascule/broker/address_configuration.hpp"

namespace bascule::broker {
namespace {

constexpr std::int64_t most = 2'000'000'000;

template <class Number>
void count(const config::Section& section, const char* key, std::optional<Number>& value, std::int64_t least = 1) {
  if (section.has(key)) value = static_cast<Number>(section.integer(key, least, least, most));
}

void size(const config::Section& section, const char* key, std::optional<std::uint64_t>& value) {
  if (section.has(key)) value = section.size(key, 0);
  if (value == 0) throw section.error(key, "must be more than nothing");
}

void duration(const config::Section& section, const char* key, std::optional<std::chrono::milliseconds>& value) {
  if (section.has(key)) value = section.duration(key, {});
}

void number(const config::Section& section, const char* key, std::optional<double>& value, double least,
            double greatest) {
  if (section.has(key)) value = section.number(key, least, least, greatest);
}

void boolean(const config::Section& section, const char* key, std::optional<bool>& value) {
  if (section.has(key)) value = section.boolean(key, false);
}

AddressSettings read_one(const config::Section& section) {
  AddressSettings rule{.match = section.required_string("match")};
  if (rule.match.empty())
    throw section.error("match", "must be an address, or a pattern: '*' one word, '#' any number");
  count(section, "max_messages", rule.max_messages);
  size(section, "max_bytes", rule.max_bytes);
  duration(section, "max_age", rule.max_age);
  if (section.has("overflow")) {
    const auto chosen = section.choice("overflow", "block", {"block", "reject", "drop-head"});
    rule.overflow = chosen == "reject" ? Overflow::reject : chosen == "block" ? Overflow::block : Overflow::drop_head;
  }
  count(section, "max_deliveries", rule.max_deliveries, 0);
  duration(section, "redelivery_delay", rule.redelivery_delay);
  duration(section, "redelivery_max_delay", rule.redelivery_max_delay);
  number(section, "redelivery_multiplier", rule.redelivery_multiplier, 1, 100);
  number(section, "redelivery_jitter", rule.redelivery_jitter, 0, 1);
  duration(section, "dedup_window", rule.dedup_window);
  count(section, "dedup_count", rule.dedup_count);
  boolean(section, "priorities", rule.priorities);
  boolean(section, "groups", rule.groups);
  boolean(section, "dead_letters", rule.dead_letters);
  const auto longest = rule.redelivery_max_delay.value_or(RedeliverySettings{}.most);
  if (rule.redelivery_delay && *rule.redelivery_delay > longest) {
    throw section.error("redelivery_delay", "is longer than redelivery_max_delay");
  }
  return rule;
}

}  // namespace

std::vector<AddressSettings> read_address_settings(const config::Section& broker) {
  std::vector<AddressSettings> rules;
  for (const config::Section& section : broker.tables("address")) rules.push_back(read_one(section));
  return rules;
}

}  // namespace bascule::broker
