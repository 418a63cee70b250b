#include "bascule/broker/address_settings.hpp"

#include "bascule/broker/pattern.hpp"

namespace bascule::broker {
namespace {

template <class Value>
void set(const std::optional<Value>& from, Value& to) {
  if (from) to = *from;
}

}  // namespace

void AddressSettings::apply(QueueSettings& settings) const {
  set(max_messages, settings.max_messages);
  set(max_bytes, settings.max_bytes);
  set(max_age, settings.max_age);
  set(overflow, settings.overflow);
  set(max_deliveries, settings.max_deliveries);
  set(redelivery_delay, settings.redelivery.delay);
  set(redelivery_max_delay, settings.redelivery.most);
  set(redelivery_multiplier, settings.redelivery.multiplier);
  set(redelivery_jitter, settings.redelivery.jitter);
  set(dedup_window, settings.dedup.window);
  set(dedup_count, settings.dedup.most);
  set(priorities, settings.priorities);
  set(groups, settings.groups);
  set(dead_letters, settings.dead_letters);
}

void apply(const std::vector<AddressSettings>& rules, std::string_view address, QueueSettings& settings) {
  for (const AddressSettings& rule : rules) {
    if (rule.match == address || matches(rule.match, address)) rule.apply(settings);
  }
}

}  // namespace bascule::broker
