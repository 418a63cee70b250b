// Documents: what the API answers, as JSON; openapi.json describes each.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "bascule/broker/operations.hpp"
#include "bascule/telemetry/json_text.hpp"

namespace bascule::admin {

void write(telemetry::JsonText& json, const broker::NodeInfo& node);
/// `encoded`: its exact bytes too.
void write(telemetry::JsonText& json, const broker::Peeked& message, bool encoded);
void write(telemetry::JsonText& json, const broker::Job& job);
/// Where it is to be found.
std::string path_of(const broker::Job& job);

}  // namespace bascule::admin
