#include "bascule/broker/selector.hpp"

#include <algorithm>
#include <cmath>
#include <list>
#include <optional>

#include "bascule/broker/properties.hpp"
#include "bascule/broker/selector_tree.hpp"

namespace bascule::broker {
namespace selector {
namespace {

enum class Truth : std::uint8_t { no, yes, unknown };

Truth truth(bool value) noexcept { return value ? Truth::yes : Truth::no; }
Truth opposite(Truth value) noexcept {
  return value == Truth::unknown ? value : value == Truth::yes ? Truth::no : Truth::yes;
}

std::optional<double> as_real(const Value& value) noexcept {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return {};
}

/// -1, 0, 1, or 2 when a NaN has no order.
template <class Number>
int order(Number a, Number b) noexcept {
  return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
}

Truth compare(Kind kind, const Value& a, const Value& b) noexcept {
  if (std::holds_alternative<std::monostate>(a) || std::holds_alternative<std::monostate>(b)) return Truth::unknown;
  int found = 2;
  if (const auto *x = std::get_if<std::int64_t>(&a), *y = std::get_if<std::int64_t>(&b); x != nullptr && y != nullptr) {
    found = order(*x, *y);
  } else if (const auto left = as_real(a), right = as_real(b); left && right) {
    found = order(*left, *right);
  } else if (a.index() == b.index() && (kind == Kind::equal || kind == Kind::not_equal)) {
    found = a == b ? 0 : 1;
  } else {
    return Truth::no;  // values of different types are neither equal nor unequal (JMS 2.0, 3.8.1.2)
  }
  switch (kind) {
    case Kind::equal: return truth(found == 0);
    case Kind::not_equal: return truth(found != 0);
    case Kind::less: return truth(found == -1);
    case Kind::less_equal: return truth(found == -1 || found == 0);
    case Kind::greater: return truth(found == 1);
    default: return truth(found == 1 || found == 0);
  }
}

Value calculate(Kind kind, const Value& a, const Value& b) noexcept {
  const auto *x = std::get_if<std::int64_t>(&a), *y = std::get_if<std::int64_t>(&b);
  if (x != nullptr && y != nullptr) {
    std::int64_t result = 0;
    switch (kind) {  // what overflows is a real number
      case Kind::add:
        if (!__builtin_add_overflow(*x, *y, &result)) return result;
        break;
      case Kind::subtract:
        if (!__builtin_sub_overflow(*x, *y, &result)) return result;
        break;
      case Kind::multiply:
        if (!__builtin_mul_overflow(*x, *y, &result)) return result;
        break;
      default:
        if (*y == 0) return {};
        if (*x != INT64_MIN || *y != -1) return *x / *y;
    }
  }
  const auto left = as_real(a), right = as_real(b);
  if (!left || !right) return {};
  switch (kind) {
    case Kind::add: return *left + *right;
    case Kind::subtract: return *left - *right;
    case Kind::multiply: return *left * *right;
    default: return *left / *right;
  }
}

class Evaluation {
 public:
  Evaluation(const std::vector<Node>& nodes, const Message& message, std::uint32_t delivery_count)
      : nodes_(nodes), message_(message), delivery_count_(delivery_count) {}

  Truth condition(std::uint32_t index) {
    const Node& node = nodes_[index];
    switch (node.kind) {
      case Kind::logical_not: return opposite(condition(node.operands[0]));
      case Kind::logical_and: return all(node, Truth::no, Truth::yes);
      case Kind::logical_or: return all(node, Truth::yes, Truth::no);
      case Kind::is_null: return truth(std::holds_alternative<std::monostate>(value(node.operands[0])));
      case Kind::in: return in(node);
      case Kind::like: return like(node);
      case Kind::between: return between(node);
      case Kind::equal:
      case Kind::not_equal:
      case Kind::less:
      case Kind::less_equal:
      case Kind::greater:
      case Kind::greater_equal: return compare(node.kind, value(node.operands[0]), value(node.operands[1]));
      default: {
        const Value found = value(index);
        const auto* flag = std::get_if<bool>(&found);
        return flag == nullptr ? Truth::unknown : truth(*flag);
      }
    }
  }

 private:
  // AND: `decides` is no and `otherwise` yes; OR: the other way.
  Truth all(const Node& node, Truth decides, Truth otherwise) {
    Truth result = otherwise;
    for (const auto operand : node.operands) {
      const Truth found = condition(operand);
      if (found == decides) return decides;
      if (found == Truth::unknown) result = Truth::unknown;
    }
    return result;
  }
  Truth in(const Node& node) {
    const Value found = value(node.operands[0]);
    if (std::holds_alternative<std::monostate>(found)) return Truth::unknown;
    const auto* text = std::get_if<std::string_view>(&found);
    return truth(text != nullptr && std::binary_search(node.strings.begin(), node.strings.end(), *text));
  }
  Truth like(const Node& node) {
    const Value found = value(node.operands[0]);
    if (std::holds_alternative<std::monostate>(found)) return Truth::unknown;
    const auto* text = std::get_if<std::string_view>(&found);
    return truth(text != nullptr && node.pattern.matches(*text));
  }
  // a BETWEEN b AND c is a >= b AND a <= c.
  Truth between(const Node& node) {
    const Value found = value(node.operands[0]);
    const Truth low = compare(Kind::greater_equal, found, value(node.operands[1]));
    if (low == Truth::no) return low;
    const Truth high = compare(Kind::less_equal, found, value(node.operands[2]));
    return high == Truth::no || low == Truth::yes ? high : low;
  }

  Value value(std::uint32_t index) {
    const Node& node = nodes_[index];
    switch (node.kind) {
      case Kind::literal: return std::visit([](const auto& held) -> Value { return held; }, node.literal);
      case Kind::name: return read(node);
      case Kind::negate: return calculate(Kind::subtract, std::int64_t{0}, value(node.operands[0]));
      case Kind::add:
      case Kind::subtract:
      case Kind::multiply:
      case Kind::divide: return calculate(node.kind, value(node.operands[0]), value(node.operands[1]));
      default: {  // a condition in parentheses, compared with a boolean
        const Truth found = condition(index);
        return found == Truth::unknown ? Value{} : Value{found == Truth::yes};
      }
    }
  }

  Value read(const Node& node) {
    const Bytes body = message_.body();
    switch (node.field) {
      case Field::property: return read_value(find_in_map(body, Section::application_properties, node.name));
      case Field::annotation: return read_value(find_in_map(body, Section::message_annotations, node.name));
      case Field::delivery_mode: return std::string_view(message_.durable() ? "PERSISTENT" : "NON_PERSISTENT");
      case Field::priority: return std::int64_t{message_.priority()};
      case Field::delivery_count: return std::int64_t{delivery_count_} + 1;
      case Field::message_id: return identifier(read_property(body, 0));
      case Field::user_id: return text(read_property(body, 1));
      case Field::type: return read_value(read_property(body, 3));
      case Field::correlation_id: return identifier(read_property(body, 5));
      case Field::timestamp: return read_value(read_property(body, 9));
      case Field::group_id: return read_value(read_property(body, 10));
      case Field::group_sequence: return read_value(read_property(body, 11));
    }
    return {};
  }

  static Value read_value(Bytes encoded) noexcept {
    const amqp::Value found = Reader(encoded).scalar();
    if (const auto* symbol = std::get_if<amqp::Symbol>(&found)) return symbol->text;
    if (const auto* text = std::get_if<std::string_view>(&found)) return *text;
    if (const auto* flag = std::get_if<bool>(&found)) return *flag;
    if (const auto* number = std::get_if<std::int64_t>(&found)) return *number;
    if (const auto* number = std::get_if<std::uint64_t>(&found)) return static_cast<std::int64_t>(*number);
    if (const auto* moment = std::get_if<amqp::Timestamp>(&found)) return moment->milliseconds;
    if (const auto* real = std::get_if<double>(&found)) return *real;
    return {};
  }
  static Value text(Bytes encoded) noexcept {
    const auto bytes = Reader(encoded).bytes();
    return bytes ? Value{*bytes} : Value{};
  }
  Value identifier(Bytes encoded) {
    if (encoded.empty()) return {};
    if (const auto text = Reader(encoded).text()) return *text;
    made_.push_back(identifier_text(encoded));
    return std::string_view(made_.back());
  }

  const std::vector<Node>& nodes_;
  const Message& message_;
  const std::uint32_t delivery_count_;
  std::list<std::string> made_;  // what values point into
};

}  // namespace
}  // namespace selector

Selector::Selector(std::string_view text) : text_(text) {
  auto parsed = selector::parse(text_);
  nodes_ = std::move(parsed.nodes);
  root_ = parsed.root;
}

Selector::~Selector() = default;

bool Selector::matches(const Message& message, std::uint32_t delivery_count) const {
  return selector::Evaluation(nodes_, message, delivery_count).condition(root_) == selector::Truth::yes;
}

}  // namespace bascule::broker
