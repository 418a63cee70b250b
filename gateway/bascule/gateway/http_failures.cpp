#include "bascule/gateway/http_failures.hpp"

#include <simdjson.h>

#include "http_failures_text.hpp"

namespace bascule::gateway {
namespace {

using simdjson::dom::element;

std::string text(element of, std::string_view key) { return std::string(std::string_view(of[key])); }

HttpFailures read() {
  simdjson::dom::parser parser;
  const element document = parser.parse(simdjson::padded_string(http_failures_text));
  HttpFailures made{simdjson::to_string(element(document["problem"])),
                    simdjson::to_string(element(document["idempotency_key"])),
                    simdjson::to_string(element(document["security"])),
                    {}};
  for (const element each : simdjson::dom::array(document["failures"])) {
    bool token = false;
    if (each["token"].get(token) != simdjson::SUCCESS) token = false;
    made.failures.push_back({text(each, "status"), text(each, "name"), text(each, "description"), token});
  }
  return made;
}

}  // namespace

const HttpFailures& http_failures() {
  static const HttpFailures all = read();
  return all;
}

}  // namespace bascule::gateway
