// The nearest known word to a misspelt one, for "did you mean" in errors.
// Thread safety: a pure function.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace bascule::config {

/// " (did you mean 'listen'?)", or, when nothing is near, " (known: a, b, c)"; empty without known words.
std::string suggestion(std::string_view word, const std::set<std::string, std::less<>>& known);

}  // namespace bascule::config
