// condition = and {OR and};  and = not {AND not};  not = [NOT] comparison;
// comparison = sum [operator sum | [NOT] BETWEEN … | [NOT] IN … | [NOT] LIKE … | IS [NOT] NULL];
// sum = product {+|- product};  product = unary {*|/ unary};  unary = [+|-] operand.
#include <algorithm>
#include <utility>

#include "bascule/broker/selector.hpp"
#include "bascule/broker/selector_lexer.hpp"
#include "bascule/broker/selector_tree.hpp"

namespace bascule::broker::selector {
namespace {

constexpr std::pair<std::string_view, Field> fields[] = {
    {"JMSDeliveryMode", Field::delivery_mode},
    {"JMSPriority", Field::priority},
    {"JMSMessageID", Field::message_id},
    {"JMSTimestamp", Field::timestamp},
    {"JMSCorrelationID", Field::correlation_id},
    {"JMSType", Field::type},
    {"JMSXGroupID", Field::group_id},
    {"JMSXGroupSeq", Field::group_sequence},
    {"JMSXUserID", Field::user_id},
    {"JMSXDeliveryCount", Field::delivery_count},
};
constexpr std::pair<std::string_view, Kind> comparisons[] = {
    {"=", Kind::equal},       {"<>", Kind::not_equal}, {"<", Kind::less},
    {"<=", Kind::less_equal}, {">", Kind::greater},    {">=", Kind::greater_equal},
};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text), token_(lexer_.next()) {}

  Parsed run() {
    const std::size_t start = token_.position;
    const auto root = condition();
    if (token_.type != Token::Type::end) fail("nothing more can follow here");
    require_condition(root, start);
    return {std::move(nodes_), root};
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw SelectorError(token_.position, what); }
  Token take() { return std::exchange(token_, lexer_.next()); }
  bool at_symbol(std::string_view text) const { return token_.type == Token::Type::symbol && token_.text == text; }
  bool at_keyword(std::string_view text) const { return token_.type == Token::Type::keyword && token_.text == text; }
  bool skip_keyword(std::string_view text) { return at_keyword(text) && (take(), true); }
  void expect_symbol(std::string_view text) {
    if (!at_symbol(text)) fail("'" + std::string(text) + "' is expected here");
    take();
  }
  void expect_keyword(std::string_view text) {
    if (!skip_keyword(text)) fail(std::string(text) + " is expected here");
  }

  std::uint32_t add(Node node) {
    if (nodes_.size() >= Selector::most_nodes) fail("the selector has too many parts");
    nodes_.push_back(std::move(node));
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  struct Deeper {
    explicit Deeper(Parser& in) : parser(in) {
      if (++parser.depth_ > Selector::deepest) parser.fail("the selector is nested too deeply");
    }
    ~Deeper() { --parser.depth_; }
    Parser& parser;
  };

  bool is_condition(std::uint32_t index) const {
    const Node& node = nodes_[index];
    return node.kind >= Kind::equal || node.kind == Kind::name || std::holds_alternative<bool>(node.literal);
  }
  bool is_name(std::uint32_t index) const { return nodes_[index].kind == Kind::name; }
  void require_condition(std::uint32_t index, std::size_t position) const {
    if (!is_condition(index)) throw SelectorError(position, "a condition is expected here, and this is only a value");
  }
  // A value that arithmetic or an ordering may use.
  void require_number(std::uint32_t index, std::size_t position) const {
    const Node& node = nodes_[index];
    if (node.kind >= Kind::equal || std::holds_alternative<bool>(node.literal) ||
        std::holds_alternative<std::string>(node.literal)) {
      throw SelectorError(position, "a number is expected here");
    }
  }
  void require_name(std::uint32_t index, std::size_t position, const char* before) const {
    if (!is_name(index))
      throw SelectorError(position, std::string("only a property's name can stand before ") + before);
  }

  // One of the two chains, flat however long it is.
  std::uint32_t chain(Kind kind, std::string_view word, std::uint32_t (Parser::*part)()) {
    std::size_t start = token_.position;
    const auto first = (this->*part)();
    if (!at_keyword(word)) return first;
    require_condition(first, start);
    Node node{.kind = kind, .operands = {first}};
    while (skip_keyword(word)) {
      start = token_.position;
      node.operands.push_back((this->*part)());
      require_condition(node.operands.back(), start);
    }
    return add(std::move(node));
  }
  std::uint32_t condition() { return chain(Kind::logical_or, "OR", &Parser::conjunction); }
  std::uint32_t conjunction() { return chain(Kind::logical_and, "AND", &Parser::negation); }

  std::uint32_t negation() {
    if (!at_keyword("NOT")) return comparison();
    const Deeper deeper(*this);
    take();
    const std::size_t start = token_.position;
    const auto operand = negation();
    require_condition(operand, start);
    return add({.kind = Kind::logical_not, .operands = {operand}});
  }

  std::uint32_t comparison() {
    const std::size_t start = token_.position;
    const auto left = sum();
    for (const auto& [text, kind] : comparisons) {
      if (at_symbol(text)) return compare(kind, left, start);
    }
    if (at_keyword("IS")) return null_test(left, start);
    const bool negated = at_keyword("NOT");
    if (negated) take();
    std::uint32_t made = 0;
    if (at_keyword("BETWEEN")) {
      made = between(left, start);
    } else if (at_keyword("IN")) {
      made = in(left, start);
    } else if (at_keyword("LIKE")) {
      made = like(left, start);
    } else {
      if (negated) fail("BETWEEN, IN or LIKE is expected after NOT");
      return left;
    }
    return negated ? add({.kind = Kind::logical_not, .operands = {made}}) : made;
  }

  std::uint32_t compare(Kind kind, std::uint32_t left, std::size_t start) {
    take();
    const std::size_t second = token_.position;
    const auto right = sum();
    if (kind != Kind::equal && kind != Kind::not_equal) {
      require_number(left, start);
      require_number(right, second);
    }
    return add({.kind = kind, .operands = {left, right}});
  }

  std::uint32_t null_test(std::uint32_t left, std::size_t start) {
    take();
    require_name(left, start, "IS NULL");
    const bool negated = skip_keyword("NOT");
    expect_keyword("NULL");
    const auto made = add({.kind = Kind::is_null, .operands = {left}});
    return negated ? add({.kind = Kind::logical_not, .operands = {made}}) : made;
  }

  std::uint32_t between(std::uint32_t value, std::size_t start) {
    take();
    require_number(value, start);
    std::size_t position = token_.position;
    const auto low = sum();
    require_number(low, position);
    expect_keyword("AND");
    position = token_.position;
    const auto high = sum();
    require_number(high, position);
    return add({.kind = Kind::between, .operands = {value, low, high}});
  }

  std::uint32_t in(std::uint32_t left, std::size_t start) {
    take();
    require_name(left, start, "IN");
    expect_symbol("(");
    Node node{.kind = Kind::in, .operands = {left}};
    for (;;) {
      if (token_.type != Token::Type::string) fail("a string is expected here");
      node.strings.push_back(take().text);
      if (!at_symbol(",")) break;
      take();
    }
    expect_symbol(")");
    std::sort(node.strings.begin(), node.strings.end());
    return add(std::move(node));
  }

  std::uint32_t like(std::uint32_t left, std::size_t start) {
    take();
    require_name(left, start, "LIKE");
    if (token_.type != Token::Type::string) fail("a pattern (a string) is expected after LIKE");
    const Token pattern = take();
    std::optional<char32_t> escape;
    if (skip_keyword("ESCAPE")) {
      std::string_view text = token_.text;
      if (token_.type != Token::Type::string || text.empty())
        fail("a string of one character is expected after ESCAPE");
      escape = take_character(text);
      if (!text.empty()) fail("a string of one character is expected after ESCAPE");
      take();
    }
    auto compiled = LikePattern::compile(pattern.text, escape);
    if (!compiled) throw SelectorError(pattern.position, "the escape character must stand before '_', '%' or itself");
    return add({.kind = Kind::like, .operands = {left}, .pattern = std::move(*compiled)});
  }

  std::uint32_t sum() {
    std::size_t start = token_.position;
    auto left = product();
    while (at_symbol("+") || at_symbol("-")) left = arithmetic(left, start, &Parser::product);
    return left;
  }
  std::uint32_t product() {
    std::size_t start = token_.position;
    auto left = unary();
    while (at_symbol("*") || at_symbol("/")) left = arithmetic(left, start, &Parser::unary);
    return left;
  }
  // Each makes the tree one deeper on its left.
  std::uint32_t arithmetic(std::uint32_t left, std::size_t start, std::uint32_t (Parser::*part)()) {
    const Token sign = take();
    require_number(left, start);
    const std::size_t second = token_.position;
    const auto right = (this->*part)();
    require_number(right, second);
    const Kind kind = sign.text == "+"   ? Kind::add
                      : sign.text == "-" ? Kind::subtract
                      : sign.text == "*" ? Kind::multiply
                                         : Kind::divide;
    return add({.kind = kind, .operands = {left, right}});
  }

  std::uint32_t unary() {
    if (!at_symbol("+") && !at_symbol("-")) return operand();
    const Deeper deeper(*this);
    const bool negative = take().text == "-";
    // The most negative integer is written as the negative of one that is too large.
    if (negative && token_.type == Token::Type::integer) {
      const auto magnitude = static_cast<std::uint64_t>(take().integer);
      return add({.literal = static_cast<std::int64_t>(0 - magnitude)});
    }
    const std::size_t start = token_.position;
    const auto made = unary();
    require_number(made, start);
    return negative ? add({.kind = Kind::negate, .operands = {made}}) : made;
  }

  std::uint32_t operand() {
    if (at_symbol("(")) {
      const Deeper deeper(*this);
      take();
      const auto inside = condition();
      expect_symbol(")");
      return inside;
    }
    switch (token_.type) {
      case Token::Type::name: return name(take().text);
      case Token::Type::string: return add({.literal = take().text});
      case Token::Type::real: return add({.literal = take().real});
      case Token::Type::integer:
        if (token_.integer < 0) fail("this is no number, or it is too large");
        return add({.literal = take().integer});
      default: break;
    }
    if (at_keyword("TRUE") || at_keyword("FALSE")) return add({.literal = take().text == "TRUE"});
    fail(token_.type == Token::Type::end ? "the selector ends where a value is expected" : "a value is expected here");
  }

  std::uint32_t name(std::string text) {
    for (const auto& [known, field] : fields) {
      if (text == known) return add({.kind = Kind::name, .field = field});
    }
    if (text.starts_with("m.")) return add({.kind = Kind::name, .field = Field::annotation, .name = text.substr(2)});
    return add({.kind = Kind::name, .field = Field::property, .name = std::move(text)});
  }

  Lexer lexer_;
  Token token_;
  std::vector<Node> nodes_;
  std::size_t depth_ = 0;
};

}  // namespace

Parsed parse(std::string_view text) {
  if (text.size() > Selector::longest) {
    throw SelectorError(Selector::longest + 1,
                        "a selector has at most " + std::to_string(Selector::longest) + " characters");
  }
  return Parser(text).run();
}

}  // namespace bascule::broker::selector
