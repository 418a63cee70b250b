#include "bascule/loop/error.hpp"

#include <array>
#include <utility>

namespace bascule {
namespace {
constexpr std::array<std::pair<Errc, std::string_view>, 10> names{{
    {Errc::ok, "ok"},
    {Errc::deadline_exceeded, "deadline_exceeded"},
    {Errc::unavailable, "unavailable"},
    {Errc::resource_exhausted, "resource_exhausted"},
    {Errc::unauthenticated, "unauthenticated"},
    {Errc::permission_denied, "permission_denied"},
    {Errc::invalid_argument, "invalid_argument"},
    {Errc::unimplemented, "unimplemented"},
    {Errc::internal, "internal"},
    {Errc::cancelled, "cancelled"},
}};
}  // namespace

std::string_view to_string(Errc code) noexcept {
  for (const auto& [value, name] : names) {
    if (value == code) return name;
  }
  return "internal";
}

Errc errc_from_string(std::string_view name) noexcept {
  for (const auto& [value, text] : names) {
    if (text == name) return value;
  }
  return Errc::internal;
}

}  // namespace bascule
