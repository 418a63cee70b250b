// Values and messages between JSON (tests/interop/clients/README.md) and Qpid Proton's C++ types.
#pragma once

#include <nlohmann/json.hpp>
#include <proton/message.hpp>
#include <proton/value.hpp>

#include <string>

namespace interop {

using Json = nlohmann::json;

proton::value to_value(const Json& spec);
Json from_value(const proton::value& value);

proton::message to_message(const Json& spec);
Json from_message(const proton::message& message);

}  // namespace interop
