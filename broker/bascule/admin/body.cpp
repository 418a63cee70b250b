#include "bascule/admin/body.hpp"

#include <simdjson.h>

namespace bascule::admin {
namespace {

namespace dom = simdjson::dom;

std::string plain(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

Body::Body(std::string_view json) {
  if (json.empty()) return;
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
    fail("", std::string("the body is no JSON: ") + simdjson::error_message(error));
    return;
  }
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    fail("", "the body must be a JSON object");
    return;
  }
  for (const auto [key, value] : object) {
    Value made = Other{"null"};
    switch (value.type()) {
      case dom::element_type::STRING: made = std::string(std::string_view(value)); break;
      case dom::element_type::INT64: made = std::int64_t(value); break;
      case dom::element_type::UINT64: made = std::uint64_t(value); break;
      case dom::element_type::DOUBLE: made = double(value); break;
      case dom::element_type::BOOL: made = Other{"a boolean"}; break;
      case dom::element_type::ARRAY: made = Other{"an array"}; break;
      case dom::element_type::OBJECT: made = Other{"an object"}; break;
      case dom::element_type::NULL_VALUE: break;
    }
    if (!members_.emplace(std::string(key), std::move(made)).second) wrong(std::string(key), "is there twice");
  }
}

void Body::fail(std::string pointer, std::string detail) {
  if (!problem_) problem_ = Problem{400, "invalid_request", std::move(detail), std::move(pointer), true};
}

void Body::wrong(const std::string& name, const std::string& detail) {
  fail(pointer_part(name), "member '" + name.substr(0, 100) + "' " + detail);
}

const Body::Value* Body::find(const std::string& name) {
  asked_[name] = true;
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

std::optional<std::string> Body::text(const std::string& name, std::size_t longest) {
  const Value* const value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto* const text = std::get_if<std::string>(value);
  if (text != nullptr && !text->empty() && text->size() <= longest) return *text;
  wrong(name, "must be a string of 1 to " + std::to_string(longest) + " bytes");
  return std::nullopt;
}

std::optional<std::uint64_t> Body::count(const std::string& name, std::uint64_t least, std::uint64_t most) {
  const Value* const value = find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::uint64_t> number;
  if (const auto* const plain = std::get_if<std::uint64_t>(value)) number = *plain;
  if (const auto* const with_sign = std::get_if<std::int64_t>(value); with_sign != nullptr && *with_sign >= 0) {
    number = static_cast<std::uint64_t>(*with_sign);
  }
  if (number && *number >= least && *number <= most) return number;
  wrong(name, "must be an integer from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<double> Body::number(const std::string& name, double least, double most) {
  const Value* const value = find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<double> number;
  if (const auto* const real = std::get_if<double>(value)) number = *real;
  if (const auto* const whole = std::get_if<std::int64_t>(value)) number = static_cast<double>(*whole);
  if (const auto* const whole = std::get_if<std::uint64_t>(value)) number = static_cast<double>(*whole);
  if (number && *number >= least && *number <= most) return number;
  wrong(name, "must be a number from " + plain(least) + " to " + plain(most));
  return std::nullopt;
}

void Body::require(const std::string& name) {
  if (!members_.contains(name)) wrong(name, "is required");
}

void Body::finish() {
  for (const auto& [name, value] : members_) {
    if (!asked_.contains(name)) wrong(name, "is not known here");
  }
}

}  // namespace bascule::admin
