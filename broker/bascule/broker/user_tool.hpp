// `bascule-broker user`: makes and changes users files.
// Errors: std::runtime_error, a sentence. Thread safety: one process at a time for one file.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "bascule/broker/users.hpp"

namespace bascule::broker {

struct UserCommand {
  std::string action;  ///< add, passwd, remove, list, roles
  std::string file, name;
  std::vector<std::string> roles;
  bool external = false;  ///< add: without a password, for who comes with a certificate
  std::uint32_t iterations = Users::default_iterations;
};

/// Reads the password from `in`: a line, or asked for twice, unseen, when it is a terminal. Returns the exit status.
int run_user_command(const UserCommand& command, std::istream& in, std::ostream& out);

}  // namespace bascule::broker
