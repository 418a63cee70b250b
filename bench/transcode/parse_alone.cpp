// Compiled for this very machine (-march=native), so that simdjson is at its best.
#include <simdjson.h>

#include "transcode/peers.hpp"

namespace bascule::bench {

struct ParseAlone::State {
  simdjson::padded_string json;
  simdjson::ondemand::parser parser;
};

namespace {

std::size_t touch(simdjson::ondemand::value value) {
  using simdjson::ondemand::json_type;
  std::size_t sum = 0;
  switch (value.type().value_unsafe()) {
    case json_type::object:
      for (auto field : value.get_object())
        sum += field.key().value_unsafe().raw()[0] + touch(field.value().value_unsafe());
      return sum;
    case json_type::array:
      for (auto item : value.get_array()) sum += touch(item.value_unsafe());
      return sum;
    case json_type::string: return value.get_string().value_unsafe().size();
    case json_type::number: return static_cast<std::size_t>(value.get_number().value_unsafe().as_double());
    case json_type::boolean: return value.get_bool().value_unsafe();
    default: return 0;
  }
}

}  // namespace

ParseAlone::ParseAlone(std::string_view text) : state_(std::make_unique<State>()) {
  state_->json = simdjson::padded_string(text);
}
ParseAlone::~ParseAlone() = default;

std::size_t ParseAlone::run() {
  auto document = state_->parser.iterate(state_->json);
  return touch(document.get_value().value_unsafe());
}

}  // namespace bascule::bench
