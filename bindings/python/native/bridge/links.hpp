// Plain messages for tools: listening to an address, sending to one, and calling a platform method by bytes.
//
// Thread safety: the GIL. Letters reach Python on the event loop's thread.
#pragma once

#include "native/bridge/bridge.hpp"

namespace bascule::python {

/// Calls `callback(message)` for each message of a topic or pattern, with a dict of its fields. The bridge must be attached.
void listen(Bridge& bridge, std::string address, std::vector<std::string> capabilities, PyObject* callback);
/// Sends one settled message with this subject and body to an address.
void send_plain(Bridge& bridge, std::string address, std::vector<std::string> capabilities, std::string subject,
                std::string body, std::string content_type);
/// Calls a method by bytes and waits, without the GIL.
rpc::Reply call_plain(Bridge& bridge, std::string address, std::string method, std::string body, double timeout);

}  // namespace bascule::python
