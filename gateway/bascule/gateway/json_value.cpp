#include "bascule/gateway/json_value.hpp"

#include <simdjson.h>

#include <charconv>

namespace bascule::gateway {
namespace {

namespace dom = simdjson::dom;

bool step(dom::element& at, const std::string& key) {
  dom::array array;
  if (at.get(array) == simdjson::SUCCESS) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
    return error == std::errc() && end == key.data() + key.size() && array.at(index).get(at) == simdjson::SUCCESS;
  }
  dom::object object;
  return at.get(object) == simdjson::SUCCESS && object.at_key(key).get(at) == simdjson::SUCCESS;
}

}  // namespace

std::optional<std::string> scalar_at(std::string_view json, const std::vector<std::string>& keys) {
  dom::parser parser;
  dom::element at;
  if (parser.parse(json.data(), json.size()).get(at) != simdjson::SUCCESS) return std::nullopt;
  for (const std::string& key : keys) {
    if (!step(at, key)) return std::nullopt;
  }
  switch (at.type()) {
    case dom::element_type::STRING: return std::string(std::string_view(at.get_string().value_unsafe()));
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
    case dom::element_type::BOOL: return simdjson::minify(at);
    default: return std::nullopt;
  }
}

}  // namespace bascule::gateway
