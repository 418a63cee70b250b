#include "bascule/thrift/checks.hpp"

#include <algorithm>

#include "bascule/thrift/checks_rules.hpp"
#include "bascule/thrift/utf8.hpp"

namespace bascule::thrift {
namespace {

template <class T>
bool passes(const NumberRule<T>& rule, T value) {
  using enum Relation;
  switch (rule.relation) {
    case gt: return value > rule.bound[0];
    case ge: return value >= rule.bound[0];
    case lt: return value < rule.bound[0];
    case le: return value <= rule.bound[0];
    case in: return std::ranges::find(rule.bound, value) != rule.bound.end();
    case not_in: return std::ranges::find(rule.bound, value) == rule.bound.end();
  }
  return false;
}

bool passes(const TextRule& rule, std::string_view value) {
  using enum TextRule::Relation;
  switch (rule.relation) {
    case pattern: return rule.pattern->matches(value);
    case prefix: return value.starts_with(rule.bound[0]);
    case suffix: return value.ends_with(rule.bound[0]);
    case contains: return value.find(rule.bound[0]) != value.npos;
    case not_contains: return value.find(rule.bound[0]) == value.npos;
    case in: return std::ranges::find(rule.bound, value) != rule.bound.end();
    case not_in: return std::ranges::find(rule.bound, value) == rule.bound.end();
  }
  return false;
}

template <class Rules, class Value>
const std::string* broken(const Rules& rules, Value value) {
  for (const auto& rule : rules) {
    if (!passes(rule, value)) return &rule.phrase;
  }
  return nullptr;
}

}  // namespace

Checks::Checks(std::unique_ptr<Rules> rules) : rules_(std::move(rules)) {}
Checks::~Checks() = default;

const std::string* Checks::integer(std::int64_t value) const { return broken(rules_->integers, value); }
const std::string* Checks::boolean(bool value) const { return integer(value); }
const std::string* Checks::real(double value) const { return broken(rules_->reals, value); }

const std::string* Checks::count(std::size_t size) const {
  return broken(rules_->sizes, static_cast<std::int64_t>(size));
}

const std::string* Checks::text(std::string_view value) const {
  if (!rules_->sizes.empty()) {
    if (const auto* phrase = count(rules_->characters ? code_points(value) : value.size())) return phrase;
  }
  return broken(rules_->texts, value);
}

bool Checks::not_nil() const noexcept { return rules_->not_nil; }
const Checks* Checks::element() const noexcept { return rules_->element.get(); }
const Checks* Checks::key() const noexcept { return rules_->key.get(); }

}  // namespace bascule::thrift
