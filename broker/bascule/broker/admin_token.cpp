#include "bascule/broker/admin_token.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

namespace bascule::broker {
namespace {

constexpr std::size_t shortest = 32, longest = 512;
constexpr const char* how_to_make = "make one: (umask 077; openssl rand -hex 32 > ";

}  // namespace

std::string why_bad_token(std::string_view token) {
  if (token.size() < shortest || token.size() > longest) {
    return "it must have " + std::to_string(shortest) + " to " + std::to_string(longest) + " characters in one line";
  }
  const auto padding = token.find_last_not_of('=') + 1;
  for (const char c : token.substr(0, padding)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("-._~+/").find(c) == std::string_view::npos) {
      return "it may have letters, digits and -._~+/ only, and = at its end";
    }
  }
  return "";
}

std::string load_admin_token(const std::string& path) {
  const std::string name = "token file " + path;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw std::system_error(errno, std::generic_category(), name + " (" + how_to_make + path + "))");
  char bytes[longest + 3];
  struct stat info{};
  const bool known = ::fstat(file, &info) == 0;
  const ssize_t size = known && S_ISREG(info.st_mode) ? ::read(file, bytes, sizeof bytes) : -1;
  ::close(file);
  if (size < 0) throw std::runtime_error(name + " is no file that can be read");
  if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    throw std::runtime_error(name + " is open to others on this machine: chmod g-w,o= " + path);
  }
  std::string token(bytes, static_cast<std::size_t>(size));
  if (token.ends_with('\n')) token.pop_back();
  if (const auto why = why_bad_token(token); !why.empty()) {
    throw std::runtime_error(name + ": " + why + " (" + how_to_make + path + "))");
  }
  return token;
}

}  // namespace bascule::broker
