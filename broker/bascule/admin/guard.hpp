// Guard: who may talk to the API at all, before anybody's name is asked: only over loopback, only to a name that is the
// machine's own or the operator's, and never a web page.
//
// A browser on the broker's machine reaches loopback too. It names the page it acts for (Origin, Sec-Fetch-Site), and a page
// whose name was made to point here (DNS rebinding) has that name in Host.
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bascule/admin/problem.hpp"

namespace bascule::admin {

/// Why the request is refused; none: it is not. `hosts`: names in Host to answer to besides loopback's.
std::optional<Problem> refused_by_guard(const AdminHead& head, const std::vector<std::string>& hosts);
/// "localhost:8161", "127.0.0.1", "[::1]:80": is it the machine itself?
bool names_loopback(std::string_view host) noexcept;

struct NoCredentials {};
struct BadCredentials {};
struct Bearer {
  std::string token;
};
struct Basic {
  std::string user, password;
};
/// What the field Authorization says (RFC 7617, RFC 6750).
using Credentials = std::variant<NoCredentials, BadCredentials, Bearer, Basic>;
Credentials read_credentials(std::string_view authorization);
/// Is this the token? In the same time whatever was given.
bool same_token(std::string_view given, std::string_view token);

}  // namespace bascule::admin
