#include "bascule/profile/names.hpp"

#include <stdexcept>

namespace bascule::profile {
namespace {

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string encode_name(std::string_view name, std::string_view encoding) {
  if (encoding != "percent" && encoding != "slash") return std::string(name);
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    if (encoding == "percent" ? unreserved(c) : c != '/' && c != '%') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

std::string fill(std::string_view text, const Values& values, std::string_view encoding) {
  std::string out;
  while (true) {
    const auto open = text.find('{');
    const auto close = text.find('}', open);
    out += text.substr(0, open);
    if (open == std::string_view::npos || close == std::string_view::npos) return out;
    const auto wanted = text.substr(open + 1, close - open - 1);
    const std::string* found = nullptr;
    for (const auto& [name, value] : values) {
      if (name == wanted) found = &value;
    }
    if (found == nullptr) throw std::runtime_error("a profile names {" + std::string(wanted) + "}, which is nothing");
    out += encode_name(*found, encoding);
    text.remove_prefix(close + 1);
  }
}

}  // namespace bascule::profile
