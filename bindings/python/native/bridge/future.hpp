// Future: an awaitable that the bridge completes: asyncio's future protocol, without a loop's call_soon a completion.
//
// Tasks that wait on it are woken at once, inside the batch of letters that completed it (each in its own context), so a
// batch of replies costs asyncio one turn. Whoever awaits the same future twice, or cancels it, gets what asyncio's
// own future would give.
// Thread safety: the GIL, and the event loop's thread.
#pragma once

#include "native/python.hpp"

#include <memory>
#include <vector>

#include "bascule/loop/unique_function.hpp"

namespace bascule::python {

struct FutureObject {
  PyObject_HEAD
  PyObject* loop;       ///< the event loop it belongs to
  PyObject* result;     ///< when done well
  PyObject* exception;  ///< when failed
  PyObject* weakrefs;
  struct Callback {
    Ref function, context;
  };
  std::vector<Callback>* callbacks;
  UniqueFunction<void()>* on_cancel;  ///< tells the other side; called once
  enum class State : unsigned char { pending, done, cancelled } state;
  bool blocking;  ///< asyncio's _asyncio_future_blocking: set while a task is being handed this future
};

extern PyTypeObject* future_type;
bool add_future_type(PyObject* module);
/// Gives the classes that cancellation needs. False with a Python error.
bool load_asyncio();
PyObject* cancelled_error();  ///< asyncio.CancelledError, borrowed

FutureObject* new_future(PyObject* loop);
/// Both take the reference over, wake who waits, and do nothing to a future that is done.
void future_succeed(FutureObject* future, PyObject* result);
void future_fail(FutureObject* future, PyObject* exception);
/// Fails it with the Python error that is set.
void future_fail_with_error(FutureObject* future);
/// An exception instance of the error that is set, which is cleared. With its traceback.
PyObject* take_error();

}  // namespace bascule::python
