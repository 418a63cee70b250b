// One value out of a JSON text, for paths that take it from an earlier part's answer.
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::gateway {

/// The string, number or boolean at `keys` (object keys, or indices of arrays), as text; nullopt when it is
/// absent or something else.
std::optional<std::string> scalar_at(std::string_view json, const std::vector<std::string>& keys);

}  // namespace bascule::gateway
