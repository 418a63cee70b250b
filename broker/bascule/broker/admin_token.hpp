// The administrator's token: a file that holds the secret which the HTTP management API takes as a bearer token.
//
// One line of 32 to 512 characters that RFC 6750 allows (letters, digits, -._~+/ and = at the end). Nobody but the file's
// owner and group may read it, and nobody but its owner write it.
// Errors: std::runtime_error or std::system_error that names the file and what to do. Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace bascule::broker {

std::string load_admin_token(const std::string& path);
/// Why this is no token; empty: it is one.
std::string why_bad_token(std::string_view token);

}  // namespace bascule::broker
