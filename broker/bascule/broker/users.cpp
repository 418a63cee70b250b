#include "bascule/broker/users.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "bascule/amqp/saslprep.hpp"

namespace bascule::broker {
namespace {

using amqp::from_base64;
using amqp::ScramKeys;
using amqp::to_base64;

constexpr std::string_view mechanism = "SCRAM-SHA-256$";

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(by);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return parts;
}

// The part up to `end`, taken off the front.
std::string_view take(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return part;
}

bool read_digest(std::string_view text, amqp::Digest& digest) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != digest.size()) return false;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return true;
}

// SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey
std::optional<ScramKeys> read_keys(std::string_view text) {
  if (!text.starts_with(mechanism)) return std::nullopt;
  text.remove_prefix(mechanism.size());
  ScramKeys keys;
  const auto count = take(text, ':');
  const auto parsed = std::from_chars(count.data(), count.data() + count.size(), keys.iterations);
  const auto salt = from_base64(take(text, '$'));
  const auto stored = take(text, ':');
  if (parsed.ec != std::errc() || parsed.ptr != count.data() + count.size() || keys.iterations < 4096 ||
      keys.iterations > amqp::ScramClient::max_iterations || !salt || salt->empty() ||
      !read_digest(stored, keys.stored_key) || !read_digest(text, keys.server_key)) {
    return std::nullopt;
  }
  keys.salt = *salt;
  return keys;
}

std::string write_keys(const ScramKeys& keys) {
  return std::string(mechanism) + std::to_string(keys.iterations) + ":" + to_base64(keys.salt) + "$" +
         to_base64(amqp::bytes_of(keys.stored_key)) + ":" + to_base64(amqp::bytes_of(keys.server_key));
}

Users::User read_user(const std::vector<std::string>& words, const std::string& where) {
  if (words.size() != 4 || !words[2].starts_with("roles=")) {
    throw std::runtime_error(where + "expected: user NAME roles=[ROLE,...] KEYS");
  }
  if (const auto why = Users::why_bad_name(words[1]); !why.empty()) throw std::runtime_error(where + why);
  Users::User user;
  user.roles = split(std::string_view(words[2]).substr(6), ',');
  if (words[3] == "-") return user;
  if (amqp::saslprep(words[1], amqp::Prepared::query) != words[1]) {
    throw std::runtime_error(where +
                             "this name is not as SASLprep (RFC 4013) leaves it; remove the line and add the "
                             "user again with bascule-broker user");
  }
  user.keys = read_keys(words[3]);
  if (!user.keys)
    throw std::runtime_error(where + "these are no SCRAM-SHA-256 keys; make them with bascule-broker user");
  return user;
}

}  // namespace

Users::Users() : secret_(amqp::random_bytes(32)) {}

Users Users::parse(std::string_view text, const std::string& name) {
  Users users;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (unsigned number = 1; std::getline(lines, line); ++number) {
    const auto where = name + ":" + std::to_string(number) + ": ";
    const auto words = split(line, ' ');
    if (words.empty() || words[0].starts_with('#')) continue;
    if (words[0] == "secret" && words.size() == 2) {
      const auto secret = from_base64(words[1]);
      if (!secret || secret->size() < 16)
        throw std::runtime_error(where + "the secret is not base64 of 16 bytes or more");
      users.secret_ = *secret;
    } else if (words[0] == "user" && words.size() > 1) {
      if (users.find(words[1]) != nullptr) throw std::runtime_error(where + "user '" + words[1] + "' is there twice");
      users.users_[words[1]] = read_user(words, where);
    } else {
      throw std::runtime_error(where + "neither 'user' nor 'secret' nor a '#'");
    }
  }
  return users;
}

Users Users::load(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "users file " + path + " (make one: bascule-broker user add NAME --users " + path + ")");
  }
  if ((info.st_mode & S_IRWXO) != 0) {
    throw std::runtime_error("users file " + path + " is open to everybody on this machine: chmod o= " + path);
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error("users file " + path + " cannot be read");
  return parse(text, path);
}

void Users::save(const std::string& path) const {
  struct stat info{};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  const auto fail = [&path](const std::string& what) {
    throw std::system_error(errno, std::generic_category(), "users file " + path + ": " + what);
  };
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (file < 0) fail("cannot write beside it");
  const auto content = text();
  bool fine = ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  if (exists) {
    // Only root can give a file away; whoever else writes it owns it.
    [[maybe_unused]] const int given = ::fchown(file, info.st_uid, info.st_gid);
    fine = fine && ::fchmod(file, info.st_mode & (S_IRWXU | S_IRWXG)) == 0;
  }
  fine = fine && ::fsync(file) == 0;
  fine = ::close(file) == 0 && fine && std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!fine) fail("cannot be written");
}

std::string Users::text() const {
  std::string out = "# Made by `bascule-broker user`. SCRAM keys, from which no password can be read.\nsecret " +
                    to_base64(secret_) + "\n";
  for (const auto& [name, user] : users_) {
    out += "user " + name + " roles=";
    for (std::size_t i = 0; i < user.roles.size(); ++i) out += (i == 0 ? "" : ",") + user.roles[i];
    out += " " + (user.keys ? write_keys(*user.keys) : "-") + "\n";
  }
  return out;
}

const Users::User* Users::find(std::string_view name) const noexcept {
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : &found->second;
}

void Users::set(const std::string& name, User user) { users_[name] = std::move(user); }

bool Users::remove(std::string_view name) {
  const auto found = users_.find(name);
  if (found == users_.end()) return false;
  users_.erase(found);
  return true;
}

amqp::Authenticator::Keys Users::keys_of(std::string_view name) const {
  if (const User* user = find(name); user != nullptr && user->keys) return {*user->keys, true};
  // Salt and number of iterations of a stand-in depend on the name alone, and look like those of the others.
  const auto seed = amqp::hmac_sha256(secret_, name);
  ScramKeys keys;
  keys.salt = std::string(amqp::bytes_of(seed).substr(0, 16));
  keys.stored_key = amqp::hmac_sha256(secret_, amqp::bytes_of(seed));
  keys.server_key = amqp::hmac_sha256(secret_, amqp::bytes_of(keys.stored_key));
  keys.iterations = default_iterations;
  std::vector<std::uint32_t> usual;
  for (const auto& [other, user] : users_) {
    if (user.keys) usual.push_back(user.keys->iterations);
  }
  if (!usual.empty()) keys.iterations = usual[(seed[16] << 8U | seed[17]) % usual.size()];
  return {keys, false};
}

std::string Users::why_bad_name(std::string_view name) {
  if (name.empty() || name.size() > 128) return "a name has 1 to 128 bytes";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == ',') return "a name has no white space, comma or control characters";
  }
  return name == "anonymous" ? "'anonymous' is who has not logged in" : "";
}

}  // namespace bascule::broker
