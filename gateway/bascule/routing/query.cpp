#include "bascule/routing/query.hpp"

#include <algorithm>

#include "bascule/routing/percent.hpp"

namespace bascule::routing {

bool Query::parse(std::string_view raw) {
  pairs.clear();
  decoded_.clear();
  decoded_.reserve(raw.size());
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) continue;
    if (pairs.size() == max_pairs) return false;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    QueryPair& added = pairs.emplace_back();
    const std::string_view value = equals == pair.size() ? std::string_view{} : pair.substr(equals + 1);
    if (!take(pair.substr(0, equals), added.name) || !take(value, added.value)) return false;
  }
  return true;
}

bool Query::take(std::string_view raw, std::string_view& to) {
  if (raw.find_first_of("%+") == std::string_view::npos) {
    to = raw;
  } else {
    const std::size_t start = decoded_.size();
    if (!decode(raw, true, decoded_)) return false;
    to = std::string_view(decoded_).substr(start);
  }
  return is_clean_utf8(to);
}

}  // namespace bascule::routing
