// BoundMethod: one method of one service as a caller uses it: `bound(args, ...)` is a Future, `bound.wait(args, ...)` blocks.
//
// Deadline, principal and trace of the work at hand (the current context) go with the call. wait() releases the GIL and may
// be called on any thread but the event loop's.
// Thread safety: the GIL.
#pragma once

#include "native/bridge/bridge.hpp"

namespace bascule::python {

bool add_call_type(PyObject* module);
/// `engine` keeps the bridge alive. Timeout in seconds, never positive infinity; null when there is none.
PyObject* new_bound_method(std::shared_ptr<Bridge> bridge, PyObject* method, std::string address, double timeout,
                           bool idempotent);

}  // namespace bascule::python
