#include "bascule/broker/user_tool.hpp"

#include <termios.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "bascule/amqp/saslprep.hpp"

namespace bascule::broker {
namespace {

// While it lives the terminal shows nothing of what is typed.
class Unseen {
 public:
  Unseen() : terminal_(::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!terminal_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Unseen() {
    if (terminal_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  bool terminal() const noexcept { return terminal_; }

 private:
  termios before_{};
  bool terminal_;
};

std::string ask(std::istream& in, const char* what, bool terminal) {
  if (terminal) std::cerr << what << std::flush;
  std::string line;
  std::getline(in, line);
  if (terminal) std::cerr << '\n';
  return line;
}

std::string read_password(std::istream& in) {
  const Unseen unseen;
  const bool terminal = unseen.terminal() && &in == &std::cin;
  auto password = ask(in, "Password: ", terminal);
  if (password.empty()) throw std::runtime_error("no password was given on standard input");
  if (password.size() > 512) throw std::runtime_error("a password has at most 512 bytes");
  if (terminal && ask(in, "Again: ", terminal) != password) throw std::runtime_error("the two were not the same");
  auto prepared = amqp::saslprep(password, amqp::Prepared::stored);
  amqp::wipe(password);
  if (!prepared) {
    throw std::runtime_error(
        "a password is UTF-8 without control characters and others that SASLprep (RFC 4013) "
        "prohibits or does not know (newer than Unicode 3.2)");
  }
  return std::move(*prepared);
}

Users::User with_password(Users::User user, const UserCommand& command, std::istream& in) {
  auto password = read_password(in);
  user.keys = amqp::ScramKeys::derive(password, amqp::random_bytes(16), command.iterations);
  amqp::wipe(password);
  return user;
}

// A user with a password is looked up by his prepared name; one with a certificate by what that says.
std::string name_of(const UserCommand& command, const Users& users) {
  const auto* known = users.find(command.name);
  if (command.external || (known != nullptr && !known->keys)) return command.name;
  if (const auto why = Users::why_bad_name(command.name); !why.empty()) throw std::runtime_error(why);
  auto prepared = amqp::saslprep(command.name, amqp::Prepared::stored);
  if (!prepared)
    throw std::runtime_error("the name has characters that SASLprep (RFC 4013) prohibits or does not know");
  return std::move(*prepared);
}

void list(const Users& users, std::ostream& out) {
  for (const auto& [name, user] : users.all()) {
    out << name << '\t' << (user.keys ? "password" : "certificate") << '\t';
    for (std::size_t i = 0; i < user.roles.size(); ++i) out << (i == 0 ? "" : ",") << user.roles[i];
    out << '\n';
  }
}

}  // namespace

int run_user_command(const UserCommand& command, std::istream& in, std::ostream& out) {
  const bool exists = std::filesystem::exists(command.file);
  if (!exists && command.action != "add") throw std::runtime_error("there is no users file " + command.file);
  Users users = exists ? Users::load(command.file) : Users();
  if (command.action == "list") return list(users, out), 0;
  for (const auto& name : command.roles) {
    if (const auto why = Users::why_bad_name(name); !why.empty())
      throw std::runtime_error("role '" + name + "': " + why);
  }
  const std::string name = name_of(command, users);
  if (const auto why = Users::why_bad_name(name); !why.empty()) throw std::runtime_error(why);
  const Users::User* found = users.find(name);
  if (command.action == "add") {
    if (found != nullptr) throw std::runtime_error("user '" + name + "' is there already; see passwd and roles");
    Users::User user{std::nullopt, command.roles};
    users.set(name, command.external ? user : with_password(user, command, in));
  } else if (found == nullptr) {
    throw std::runtime_error("there is no user '" + name + "' in " + command.file);
  } else if (command.action == "passwd") {
    users.set(name, with_password(*found, command, in));
  } else if (command.action == "roles") {
    users.set(name, {found->keys, command.roles});
  } else {
    users.remove(name);
  }
  users.save(command.file);
  return 0;
}

}  // namespace bascule::broker
