// Inside Checks: the compiled rules. Included by checks*.cpp only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bascule/thrift/checks.hpp"
#include "bascule/thrift/pattern.hpp"

namespace bascule::thrift {

enum class Relation { gt, ge, lt, le, in, not_in };

/// `value relation bound`; const is `in` with one member.
template <class T>
struct NumberRule {
  Relation relation = Relation::in;
  std::vector<T> bound;  ///< one number, or the members of in and not_in
  std::string phrase;
};

struct TextRule {
  enum class Relation { pattern, prefix, suffix, contains, not_contains, in, not_in };
  Relation relation = Relation::in;
  std::vector<std::string> bound;
  std::optional<Pattern> pattern;
  std::string phrase;
};

struct Checks::Rules {
  bool not_nil = false;
  bool characters = false;  ///< sizes are in characters: of a string
  std::vector<NumberRule<std::int64_t>> integers;
  std::vector<NumberRule<double>> reals;
  std::vector<TextRule> texts;
  std::vector<NumberRule<std::int64_t>> sizes;
  std::unique_ptr<const Checks> element;
  std::unique_ptr<const Checks> key;
};

}  // namespace bascule::thrift
