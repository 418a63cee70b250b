// Access: who may do what with which address: the rules of an access file, and what one connection makes of them.
//
//   [[rule]]
//   users = ["alice"]                       # or roles = ["shop"]; "*": whoever has logged in; "anonymous" only by name
//   addresses = ["orders", "orders.#", "inbox.{user}"]
//   operations = ["send", "receive"]        # and "create", "manage"
//
// What no rule allows is refused. `*` is one word, `#` any number of them; neither stands for a word that begins with `$`
// ("$management", "$dynamic") at the front: those are named. `{user}` is the user's own name.
// Errors: config::ConfigError with file and line. Thread safety: Access and Grants are immutable; Permissions the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bascule/amqp/sasl.hpp"

namespace bascule::broker {

enum class Operation : std::uint8_t { send = 1, receive = 2, create = 4, manage = 8 };
std::string_view to_string(Operation operation) noexcept;

/// Does `pattern` stand for every address that `address` (itself perhaps a pattern) stands for? Sound: never too much.
bool covers(std::string_view pattern, std::string_view address) noexcept;

/// What one user may do.
class Grants {
 public:
  bool allow(Operation operation, std::string_view address) const noexcept;

 private:
  friend class Access;
  struct Grant {
    std::string pattern;
    std::uint8_t operations;
  };
  std::vector<Grant> grants_;
};

class Access {
 public:
  static Access parse(std::string_view toml, const std::string& name);
  static Access load(const std::string& path);
  Grants of(const amqp::Identity& identity, const std::vector<std::string>& roles) const;

 private:
  struct Rule {
    std::vector<std::string> users, roles, addresses;
    std::uint8_t operations = 0;
  };
  std::vector<Rule> rules_;
};

/// What one connection may do, with the answers for the addresses it sends to remembered (at most max_remembered).
class Permissions {
 public:
  static constexpr std::size_t max_remembered = 1024;
  /// `grants` null: everything, but still only as itself.
  Permissions(amqp::Identity identity, std::shared_ptr<const Grants> grants)
      : identity_(std::move(identity)), grants_(std::move(grants)) {}

  bool may(Operation operation, std::string_view address) const noexcept {
    return !grants_ || grants_->allow(operation, address);
  }
  /// For the anonymous relay: remembered.
  bool may_send(std::string_view address);
  /// May a message say that it comes from this user (property user-id)? Only if it does. Empty: it says nothing.
  bool may_claim(std::string_view user_id) const noexcept { return user_id.empty() || user_id == identity_.user; }
  /// A subscription is used by who made it, and by who is allowed, by name, to manage its topic.
  bool may_use(std::string_view owner, std::string_view topic) const noexcept {
    return owner.empty() || owner == identity_.user || (grants_ && grants_->allow(Operation::manage, topic));
  }
  const amqp::Identity& identity() const noexcept { return identity_; }
  /// "'alice' may not send to 'orders'": what an error says.
  std::string refusal(Operation operation, std::string_view address) const;
  const std::shared_ptr<const Grants>& grants() const noexcept { return grants_; }
  void change(std::shared_ptr<const Grants> grants);

 private:
  const amqp::Identity identity_;
  std::shared_ptr<const Grants> grants_;
  std::unordered_map<std::string, bool> remembered_;
};

}  // namespace bascule::broker
