// Query: the name=value pairs of a target's query, decoded once.
//
// What: pairs split at '&', '+' is a space, percent-decoded; pairs keep their order and may repeat. A ';'
// does not separate. Lifetime: views into the raw query or into the Query itself; valid until the next
// parse(). Thread safety: none of its own; reused from request to request for its memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bascule::routing {

struct QueryPair {
  std::string_view name, value;
};

struct Query {
  static constexpr std::size_t max_pairs = 256;

  std::vector<QueryPair> pairs;

  /// False when it is not decodable: a bad escape, not UTF-8, a control character, too many pairs.
  bool parse(std::string_view raw);

 private:
  bool take(std::string_view raw, std::string_view& to);
  std::string decoded_;
};

}  // namespace bascule::routing
