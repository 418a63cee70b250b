#include "bascule/profile/profile.hpp"

#include <algorithm>

#include "bascule/profile/files.hpp"
#include "bascule/profile/holding.hpp"
#include "bascule/profile/names.hpp"

namespace bascule::profile {
namespace {

bool has(const Wish& wish, std::string_view capability) {
  return std::ranges::find(wish.capabilities, capability) != wish.capabilities.end();
}

// The tables of a profile that a wish asks for, and the feature that it is then.
constexpr std::string_view feature_of(std::string_view kind) {
  if (kind == "requests" || kind == "reply") return "requests";
  if (kind == "topic" || kind == "subscription") return "events";
  return kind;
}

std::string_view queue_kind(const std::string& address) {
  if (address.starts_with("rpc.")) return "requests";
  if (address.starts_with("dlq.")) return "dead_letters";
  return "queue";
}

std::string_view source_kind(const Wish& wish) {
  if (wish.address.empty()) return "reply";
  if (!has(wish, "topic")) return queue_kind(wish.address);
  return wish.durable || has(wish, "shared") ? "subscription" : "listen";
}

std::string_view target_kind(const Wish& wish) {
  if (wish.scheduled) return "scheduled";
  if (wish.address.empty()) return "relay";
  return has(wish, "topic") ? "topic" : queue_kind(wish.address);
}

// What a template may name, of one wish.
Values values_of(const Wish& wish) {
  const auto bar = wish.link.find('|');
  const auto group = wish.link.substr(0, bar);
  const auto member = bar == std::string::npos ? std::string() : wish.link.substr(bar + 1);
  const auto queue = wish.address.starts_with("dlq.") ? wish.address.substr(4) : wish.address;
  return {{"address", wish.address}, {"group", group}, {"member", member},
          {"unique", wish.unique},   {"queue", queue}, {"topic", queue.substr(0, queue.find("::"))}};
}

void fill_in(Declaration& made, const Values& values) {
  for (auto* const text : {&made.name, &made.destination, &made.key}) *text = fill(*text, values);
  for (auto& [name, argument] : made.arguments) {
    if (auto* const text = std::get_if<std::string>(&argument)) *text = fill(*text, values);
  }
}

}  // namespace

const std::vector<Profile>& Profile::all() {
  static const std::vector<Profile> profiles = [] {
    std::vector<Profile> made;
    for (const auto text : files()) made.push_back(parse(text));
    return made;
  }();
  return profiles;
}

const Profile* Profile::named(std::string_view name) {
  for (const auto& each : all()) {
    if (each.name() == name) return &each;
  }
  return nullptr;
}

const Profile& Profile::embedded() { return *named("embedded"); }

const Profile& Profile::recognise(std::string_view product, std::string_view version, std::string_view host) {
  for (const auto& each : all()) {
    const bool by_name = std::ranges::find(each.products_, product) != each.products_.end();
    if (by_name && version.starts_with(each.version_)) return each;
    for (const auto& end : each.hosts_) {
      if (product.empty() && host.ends_with(end)) return each;
    }
  }
  return embedded();
}

Plan Profile::source(const Wish& wish) const { return plan(source_kind(wish), wish); }
Plan Profile::target(const Wish& wish) const { return plan(target_kind(wish), wish); }

Plan Profile::plan(std::string_view kind, const Wish& wish) const {
  Plan made;
  made.address = wish.address;
  made.link = wish.link;
  made.capabilities = wish.capabilities;
  made.durable = wish.durable;
  // An address of the broker's own, as a caller's reply-to is: taken as it stands.
  if (wish.address.starts_with('/') && name_ != "embedded") {
    made.capabilities.clear();
    return made;
  }
  const auto found = rules_.find(kind);
  if (found == rules_.end()) {
    made.refusal = refusal(feature_of(kind));
    if (made.refusal.empty()) made.refusal = title_ + " has no " + std::string(kind);
    return made;
  }
  const auto& rule = found->second;
  const auto values = values_of(wish);
  if (rule.address) made.address = fill(*rule.address, values, encoding_);
  // Only a shared subscription has a group in its name.
  if (rule.link && has(wish, "shared")) made.link = fill(*rule.link, values);
  if (rule.capabilities) made.capabilities = *rule.capabilities;
  if (rule.durable) made.durable = *rule.durable;
  made.dynamic = rule.dynamic;
  made.by_links = rule.by_links;
  made.unrouted_is_taken = rule.unrouted_is_taken;
  made.drains = rule.drains;
  made.declare = rule.declare;
  for (auto& each : made.declare) fill_in(each, values);
  if (!rule.holding.empty()) made.declare = holding::declarations(rule.holding);
  return made;
}

std::optional<Route> Profile::scheduled(std::string_view topic, std::chrono::milliseconds delay) const {
  const auto found = rules_.find("scheduled");
  if (found == rules_.end()) return std::nullopt;
  const auto& rule = found->second;
  if (rule.holding.empty()) return Route{};
  const auto key = holding::key(delay, topic);
  if (!key) return std::nullopt;
  return Route{fill(rule.to, {{"key", *key}}, encoding_), fill(rule.subject, {{"key", *key}})};
}

std::string_view Profile::support(std::string_view feature) const {
  const auto found = support_.find(feature);
  return found == support_.end() ? std::string_view("no") : std::string_view(found->second);
}

std::string Profile::refusal(std::string_view feature) const {
  const auto how = support(feature);
  if (!how.starts_with("no")) return {};
  return title_ + " cannot do `" + std::string(feature) + "`" +
         (how.size() > 4 ? ": " + std::string(how.substr(4)) : "");
}

}  // namespace bascule::profile
