// Users: who may log in with a password, and what roles people have: the text of a users file, parsed.
//
//   # Made by `bascule-broker user`. SCRAM keys, from which no password can be read.
//   secret 9zJq...=
//   user alice roles=admin,shop SCRAM-SHA-256$16384:c2FsdA==$StoredKey=:ServerKey=
//   user CN-of-a-certificate roles=shop -
//
// `-` instead of keys: no password; the user is known by a client certificate and is here for its roles. The secret makes
// stand-ins for users that do not exist, so that nobody can find out who does.
// Errors: std::runtime_error with file and line. Thread safety: immutable once shared.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/amqp/sasl_server.hpp"

namespace bascule::broker {

class Users {
 public:
  static constexpr std::uint32_t default_iterations = 16'384;
  struct User {
    std::optional<amqp::ScramKeys> keys;
    std::vector<std::string> roles;
  };

  Users();
  static Users parse(std::string_view text, const std::string& name);
  /// Reads a file, which nobody but its owner and group may read.
  static Users load(const std::string& path);
  /// Writes it whole or not at all, readable by its owner only (an existing file keeps its mode and owner).
  void save(const std::string& path) const;
  std::string text() const;

  const User* find(std::string_view name) const noexcept;
  const std::map<std::string, User, std::less<>>& all() const noexcept { return users_; }
  void set(const std::string& name, User user);
  bool remove(std::string_view name);
  /// The user's keys, or for an unknown user ones that never change, look like the others', and match no password.
  amqp::Authenticator::Keys keys_of(std::string_view name) const;

  /// Why this cannot be a name of a user or role; empty: it can. No white space, no control characters, at most 128 bytes.
  static std::string why_bad_name(std::string_view name);

 private:
  std::string secret_;
  std::map<std::string, User, std::less<>> users_;
};

}  // namespace bascule::broker
