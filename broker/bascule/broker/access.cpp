#include "bascule/broker/access.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "bascule/broker/pattern.hpp"
#include "bascule/config/document.hpp"

namespace bascule::broker {
namespace {

Operation operation_of(const config::Section& rule, const std::string& name) {
  for (const auto o : {Operation::send, Operation::receive, Operation::create, Operation::manage}) {
    if (name == to_string(o)) return o;
  }
  throw rule.error("operations", "'" + name + "' is none of send, receive, create, manage");
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A user's name in a pattern must stay one word: it must not become a pattern.
std::string with_user(std::string pattern, const std::string& user) {
  constexpr std::string_view placeholder = "{user}";
  const auto at = pattern.find(placeholder);
  if (at == std::string::npos) return pattern;
  if (user.find_first_of(".*#{") != std::string::npos) return {};
  return with_user(pattern.replace(at, placeholder.size(), user), user);
}

}  // namespace

std::string_view to_string(Operation operation) noexcept {
  switch (operation) {
    case Operation::send: return "send";
    case Operation::receive: return "receive";
    case Operation::create: return "create";
    case Operation::manage: break;
  }
  return "manage";
}

// As matches(), but a `*` or `#` of `address` is a word that only a wildcard at least as wide stands for. One point of
// return, the last `#`: linear in pattern times address.
bool covers(std::string_view pattern, std::string_view address) noexcept {
  if (address.starts_with('$') && !pattern.starts_with('$')) return false;
  bool more_pattern = true, more_address = true;
  std::string_view retry_pattern, retry_address;
  bool retry_more = false, can_retry = false;
  for (;;) {
    bool fits = false;
    if (more_pattern) {
      auto pattern_rest = pattern;
      bool pattern_left = false;
      const auto word = take_word(pattern_rest, pattern_left);
      if (word == "#") {
        if (!pattern_left) return true;
        pattern = retry_pattern = pattern_rest;
        can_retry = true;
        retry_address = address;
        retry_more = more_address;
        continue;
      }
      if (more_address) {
        auto address_rest = address;
        bool address_left = false;
        const auto name = take_word(address_rest, address_left);
        fits = word == name || (word == "*" && name != "#");
        if (fits) {
          pattern = pattern_rest;
          more_pattern = pattern_left;
          address = address_rest;
          more_address = address_left;
        }
      }
    } else if (!more_address) {
      return true;
    }
    if (fits) continue;
    if (!can_retry || !retry_more) return false;
    take_word(retry_address, retry_more);
    pattern = retry_pattern;
    more_pattern = true;
    address = retry_address;
    more_address = retry_more;
  }
}

bool Grants::allow(Operation operation, std::string_view address) const noexcept {
  const auto bit = static_cast<std::uint8_t>(operation);
  // A subscription's queue is `topic::name`: who may read the topic may read it.
  if (const auto colons = address.find("::"); colons != std::string_view::npos) address = address.substr(0, colons);
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return (grant.operations & bit) != 0 && covers(grant.pattern, address);
  });
}

Access Access::parse(std::string_view toml, const std::string& name) {
  const auto document = config::Document::parse(toml, name);
  const auto root = document.root();
  Access access;
  for (const auto& section : root.tables("rule")) {
    Rule rule;
    rule.users = section.strings("users", {});
    rule.roles = section.strings("roles", {});
    rule.addresses = section.strings("addresses", {});
    if (rule.users.empty() && rule.roles.empty()) throw section.error("users", "a rule needs users or roles");
    if (rule.addresses.empty()) throw section.error("addresses", "a rule needs addresses");
    const auto operations = section.strings("operations", {});
    if (operations.empty()) throw section.error("operations", "a rule needs operations");
    for (const auto& operation : operations)
      rule.operations |= static_cast<std::uint8_t>(operation_of(section, operation));
    access.rules_.push_back(std::move(rule));
  }
  document.finish();
  return access;
}

Access Access::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error("access file " + path + " cannot be read");
  return parse(text, path);
}

Grants Access::of(const amqp::Identity& identity, const std::vector<std::string>& roles) const {
  Grants grants;
  for (const auto& rule : rules_) {
    // Somebody who logged in as "anonymous" cannot be: Users and certificates do not have that name.
    const bool named = identity.anonymous()
                           ? has(rule.users, "anonymous")
                           : (has(rule.users, identity.user) && identity.user != "anonymous") || has(rule.users, "*");
    const bool role = !identity.anonymous() && std::any_of(roles.begin(), roles.end(), [&rule](const std::string& r) {
      return has(rule.roles, r);
    });
    if (!named && !role) continue;
    for (const auto& address : rule.addresses) {
      if (auto pattern = with_user(address, identity.user); !pattern.empty()) {
        grants.grants_.push_back({std::move(pattern), rule.operations});
      }
    }
  }
  return grants;
}

bool Permissions::may_send(std::string_view address) {
  if (!grants_) return true;
  std::string key(address);
  if (const auto known = remembered_.find(key); known != remembered_.end()) return known->second;
  if (remembered_.size() >= max_remembered) remembered_.clear();
  return remembered_[std::move(key)] = grants_->allow(Operation::send, address);
}

std::string Permissions::refusal(Operation operation, std::string_view address) const {
  const char* const preposition = operation == Operation::send      ? " to '"
                                  : operation == Operation::receive ? " from '"
                                                                    : " '";
  return "'" + identity_.user.substr(0, 128) + "' may not " + std::string(to_string(operation)) + preposition +
         std::string(address.substr(0, 200)) + "'; the broker's access file would have to allow it";
}

void Permissions::change(std::shared_ptr<const Grants> grants) {
  grants_ = std::move(grants);
  remembered_.clear();
}

}  // namespace bascule::broker
