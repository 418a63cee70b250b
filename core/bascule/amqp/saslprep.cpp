#include "bascule/amqp/saslprep.hpp"

#include <stringprep.h>

#include <algorithm>

#include "bascule/amqp/sasl_crypto.hpp"

namespace bascule::amqp {
namespace {

constexpr std::size_t longest = 1024;
// A compatibility character becomes 18 others at most (U+FDFA), of 2 bytes each, where it had 3.
constexpr std::size_t room = longest * 12 + 1;

bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f; }

}  // namespace

std::optional<std::string> saslprep(std::string_view text, Prepared as) {
  if (text.empty() || text.size() > longest) return std::nullopt;
  if (std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  std::string buffer(text);
  buffer.resize(room);
  const auto flags = as == Prepared::stored ? STRINGPREP_NO_UNASSIGNED : Stringprep_profile_flags{};
  std::optional<std::string> prepared;
  if (stringprep(buffer.data(), buffer.size(), flags, stringprep_saslprep) == STRINGPREP_OK && buffer[0] != '\0') {
    prepared.emplace(buffer.data());
  }
  wipe(buffer);  // it may have been a password
  return prepared;
}

}  // namespace bascule::amqp
