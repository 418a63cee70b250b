// Names of nodes in addresses, and the placeholders of a profile's templates. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule::profile {

/// "percent": all but unreserved characters (RFC 3986); "slash": only what would part an address; "none" or "": nothing.
std::string encode_name(std::string_view name, std::string_view encoding);

using Values = std::vector<std::pair<std::string_view, std::string>>;

/// Replaces {name} by its value, encoded. Throws std::runtime_error for a name that is not among `values`.
std::string fill(std::string_view text, const Values& values, std::string_view encoding = {});

}  // namespace bascule::profile
