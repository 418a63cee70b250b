// Requests to a broker's node $management (docs/broker.md, Management), for tools.
//
// Thread safety: manage() from any thread but the engine's, without the GIL; to_python() with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "native/bridge/bridge.hpp"

namespace bascule::python {

using ManagementArgument = std::variant<bool, std::uint64_t, std::string>;

struct ManagementAnswer {
  std::int64_t status = 0;  ///< as HTTP's: 200, 400, 404, 409
  std::string description;
  std::string value;  ///< encoded AMQP; empty: none
};

/// Sends one request and waits for its answer. None: no broker answered within `timeout` seconds.
std::optional<ManagementAnswer> manage(Bridge& bridge,
                                       std::vector<std::pair<std::string, ManagementArgument>> arguments,
                                       double timeout);

/// One AMQP value as Python's: lists, dicts, str, bytes, numbers, None. New reference; null with an exception set when it is
/// malformed or nested deeper than 32.
PyObject* to_python(std::string_view encoded);

/// What people want to know of an encoded message: a dict of its properties, annotations and application properties by name,
/// and `body` (bytes). New reference; null with an exception set.
PyObject* describe_message(std::string_view encoded);

}  // namespace bascule::python
