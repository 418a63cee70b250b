// A parsed selector: nodes that name their operands by index. For the parser and the evaluator only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bascule/broker/selector_like.hpp"

namespace bascule::broker::selector {

/// Null stands for: the message does not have it, or it makes no sense (unknown).
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string_view>;
using Literal = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// Where a name's value is read.
enum class Field : std::uint8_t {
  property,    ///< application property `name`
  annotation,  ///< message annotation `name`
  delivery_mode,
  priority,
  message_id,
  timestamp,
  correlation_id,
  type,
  group_id,
  group_sequence,
  user_id,
  delivery_count,
};

enum class Kind : std::uint8_t {
  literal,
  name,
  negate,
  add,
  subtract,
  multiply,
  divide,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  like,
  in,
  between,
  is_null,
  logical_not,
  logical_and,
  logical_or,
};

struct Node {
  Kind kind = Kind::literal;
  Field field = Field::property;
  std::vector<std::uint32_t> operands = {};
  Literal literal = {};
  std::string name = {};
  std::vector<std::string> strings = {};  ///< in: sorted
  LikePattern pattern = {};
};

struct Parsed {
  std::vector<Node> nodes;
  std::uint32_t root = 0;
};
/// Throws SelectorError.
Parsed parse(std::string_view text);

}  // namespace bascule::broker::selector
