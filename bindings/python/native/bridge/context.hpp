// ContextBase: the native part of bascule.Context: what came with the call, and its transaction.
//
// Database operations run on the loop's thread against the C++ context, so inbox, outbox and commit are those of a C++
// service; each returns a Future. A context whose work has ended refuses them.
// Thread safety: the GIL; awaited on the event loop's thread.
#pragma once

#include "native/bridge/bridge.hpp"

namespace bascule::python {

extern PyTypeObject* context_type;
bool add_context_type(PyObject* module);
/// An instance of the bridge's context class.
PyObject* new_context(Bridge& bridge, std::shared_ptr<Job> job, const char* method);
/// The job of a context object; null with TypeError.
std::shared_ptr<Job> job_of(PyObject* context);

}  // namespace bascule::python
