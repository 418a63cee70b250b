#include "native/bridge/future.hpp"

#include <structmember.h>

namespace bascule::python {

PyTypeObject* future_type = nullptr;

namespace {

using State = FutureObject::State;

PyObject *cancelled_error_class = nullptr, *invalid_state_error = nullptr;
PyTypeObject* iterator_type = nullptr;

FutureObject& self_of(PyObject* self) { return *reinterpret_cast<FutureObject*>(self); }

/// Calls each callback in its own context. What one raises is reported, and stops nobody else.
void wake(FutureObject* future) {
  Py_INCREF(future);
  std::vector<FutureObject::Callback> callbacks = std::move(*future->callbacks);
  future->callbacks->clear();
  for (auto& each : callbacks) {
    if (PyContext_Enter(each.context.get()) != 0) {
      // The context is in use: its task runs right now and completed this future itself. Let the loop call it later.
      PyErr_Clear();
      const Ref later = Ref::steal(PyObject_CallMethod(future->loop, "call_soon", "OO", each.function.get(), future));
      if (!later) PyErr_WriteUnraisable(each.function.get());
      continue;
    }
    const Ref done = Ref::steal(PyObject_CallOneArg(each.function.get(), reinterpret_cast<PyObject*>(future)));
    if (!done) PyErr_WriteUnraisable(each.function.get());
    PyContext_Exit(each.context.get());
  }
  Py_DECREF(future);
}

bool check_done(FutureObject& self) {
  if (self.state == State::pending) {
    PyErr_SetString(invalid_state_error, "Result is not ready.");
    return false;
  }
  return true;
}

PyObject* outcome(FutureObject& self) {
  if (self.state == State::cancelled) {
    PyErr_SetNone(cancelled_error_class);
    return nullptr;
  }
  if (self.exception != nullptr) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(self.exception)), self.exception);
    return nullptr;
  }
  return Py_NewRef(self.result);
}

PyObject* py_result(PyObject* self, PyObject*) { return check_done(self_of(self)) ? outcome(self_of(self)) : nullptr; }

PyObject* py_exception(PyObject* self, PyObject*) {
  FutureObject& future = self_of(self);
  if (!check_done(future)) return nullptr;
  if (future.state == State::cancelled) return PyErr_SetNone(cancelled_error_class), nullptr;
  return Py_NewRef(future.exception != nullptr ? future.exception : Py_None);
}

PyObject* py_done(PyObject* self, PyObject*) { return PyBool_FromLong(self_of(self).state != State::pending); }
PyObject* py_cancelled(PyObject* self, PyObject*) { return PyBool_FromLong(self_of(self).state == State::cancelled); }
PyObject* py_get_loop(PyObject* self, PyObject*) { return Py_NewRef(self_of(self).loop); }

PyObject* py_cancel(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"msg", nullptr};
  PyObject* message = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O", const_cast<char**>(names), &message)) return nullptr;
  FutureObject& future = self_of(self);
  if (future.state != State::pending) Py_RETURN_FALSE;
  future.state = State::cancelled;
  if (future.on_cancel != nullptr) {
    (*future.on_cancel)();
    delete std::exchange(future.on_cancel, nullptr);
  }
  // As asyncio does it: not at once, because the task that cancels may be the one that waits.
  std::vector<FutureObject::Callback> callbacks = std::move(*future.callbacks);
  future.callbacks->clear();
  for (auto& each : callbacks) {
    const Ref call_soon = Ref::steal(PyObject_GetAttrString(future.loop, "call_soon"));
    const Ref given = Ref::steal(PyTuple_Pack(2, each.function.get(), self));
    const Ref keywords = Ref::steal(Py_BuildValue("{s:O}", "context", each.context.get()));
    if (!call_soon || !given || !keywords) return nullptr;
    if (!Ref::steal(PyObject_Call(call_soon.get(), given.get(), keywords.get()))) return nullptr;
  }
  Py_RETURN_TRUE;
}

PyObject* py_add_done_callback(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"", "context", nullptr};
  PyObject *function, *context = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O", const_cast<char**>(names), &function, &context))
    return nullptr;
  Ref in = context != nullptr && context != Py_None ? Ref::borrow(context) : Ref::steal(PyContext_CopyCurrent());
  if (!in) return nullptr;
  FutureObject& future = self_of(self);
  if (future.state == State::pending) {
    future.callbacks->push_back({Ref::borrow(function), std::move(in)});
    Py_RETURN_NONE;
  }
  const Ref call_soon = Ref::steal(PyObject_GetAttrString(future.loop, "call_soon"));
  const Ref given = Ref::steal(PyTuple_Pack(2, function, self));
  const Ref keywords = Ref::steal(Py_BuildValue("{s:O}", "context", in.get()));
  if (!call_soon || !given || !keywords) return nullptr;
  return PyObject_Call(call_soon.get(), given.get(), keywords.get());
}

PyObject* py_remove_done_callback(PyObject* self, PyObject* function) {
  auto& callbacks = *self_of(self).callbacks;
  long removed = 0;
  for (std::size_t i = 0; i < callbacks.size();) {
    const int same = PyObject_RichCompareBool(callbacks[i].function.get(), function, Py_EQ);
    if (same < 0) return nullptr;
    if (same == 0) {
      ++i;
      continue;
    }
    callbacks.erase(callbacks.begin() + static_cast<std::ptrdiff_t>(i));
    ++removed;
  }
  return PyLong_FromLong(removed);
}

PyObject* get_blocking(PyObject* self, void*) { return PyBool_FromLong(self_of(self).blocking); }
int set_blocking(PyObject* self, PyObject* value, void*) {
  const int truth = value != nullptr ? PyObject_IsTrue(value) : 0;
  if (truth < 0) return -1;
  self_of(self).blocking = truth != 0;
  return 0;
}

/// Yields the future once to whoever drives the coroutine, then returns its result.
struct IteratorObject {
  PyObject_HEAD
  PyObject* future;
};

PyObject* py_await(PyObject* self) {
  auto* made = PyObject_GC_New(IteratorObject, iterator_type);
  if (made == nullptr) return nullptr;
  made->future = Py_NewRef(self);
  PyObject_GC_Track(made);
  return reinterpret_cast<PyObject*>(made);
}

PySendResult iterator_send(PyObject* self, PyObject*, PyObject** result) {
  auto* iterator = reinterpret_cast<IteratorObject*>(self);
  *result = nullptr;
  if (iterator->future == nullptr) return PYGEN_ERROR;
  FutureObject& future = self_of(iterator->future);
  if (future.state == State::pending && !future.blocking) {
    future.blocking = true;
    *result = Py_NewRef(iterator->future);
    return PYGEN_NEXT;
  }
  if (future.state == State::pending) {
    PyErr_SetString(PyExc_RuntimeError, "await wasn't used with future");
    return PYGEN_ERROR;
  }
  const Ref keep = Ref::steal(std::exchange(iterator->future, nullptr));
  *result = outcome(future);
  return *result != nullptr ? PYGEN_RETURN : PYGEN_ERROR;
}

PyObject* iterator_next(PyObject* self) {
  PyObject* result;
  switch (iterator_send(self, Py_None, &result)) {
    case PYGEN_NEXT: return result;
    case PYGEN_RETURN: {
      const Ref value = Ref::steal(result);
      const Ref stop = Ref::steal(PyObject_CallOneArg(PyExc_StopIteration, value.get()));
      if (stop) PyErr_SetObject(PyExc_StopIteration, stop.get());
      return nullptr;
    }
    default: return nullptr;
  }
}

PyObject* iterator_send_method(PyObject* self, PyObject*) { return iterator_next(self); }

PyObject* iterator_throw(PyObject* self, PyObject* args) {
  PyObject *type, *value = nullptr, *traceback = nullptr;
  if (!PyArg_ParseTuple(args, "O|OO", &type, &value, &traceback)) return nullptr;
  Py_CLEAR(reinterpret_cast<IteratorObject*>(self)->future);
  if (PyExceptionInstance_Check(type)) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(type)), type);
  } else if (value == nullptr || value == Py_None) {
    PyErr_SetNone(type);
  } else {
    PyErr_SetObject(type, value);
  }
  return nullptr;
}

PyObject* iterator_close(PyObject* self, PyObject*) {
  Py_CLEAR(reinterpret_cast<IteratorObject*>(self)->future);
  Py_RETURN_NONE;
}

int iterator_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(reinterpret_cast<IteratorObject*>(self)->future);
  return 0;
}

void iterator_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  PyTypeObject* type = Py_TYPE(self);
  Py_XDECREF(reinterpret_cast<IteratorObject*>(self)->future);
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

int future_traverse(PyObject* self, visitproc visit, void* arg) {
  FutureObject& future = self_of(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(future.loop);
  Py_VISIT(future.result);
  Py_VISIT(future.exception);
  for (const auto& each : *future.callbacks) {
    Py_VISIT(each.function.get());
    Py_VISIT(each.context.get());
  }
  return 0;
}

int future_clear(PyObject* self) {
  FutureObject& future = self_of(self);
  Py_CLEAR(future.loop);
  Py_CLEAR(future.result);
  Py_CLEAR(future.exception);
  if (future.callbacks != nullptr) std::vector<FutureObject::Callback>().swap(*future.callbacks);
  return 0;
}

void future_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  FutureObject& future = self_of(self);
  if (future.weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  PyTypeObject* type = Py_TYPE(self);
  future_clear(self);
  delete future.callbacks;
  delete future.on_cancel;
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

PyMethodDef future_methods[] = {
    {"result", py_result, METH_NOARGS, nullptr},
    {"exception", py_exception, METH_NOARGS, nullptr},
    {"done", py_done, METH_NOARGS, nullptr},
    {"cancelled", py_cancelled, METH_NOARGS, nullptr},
    {"cancel", reinterpret_cast<PyCFunction>(py_cancel), METH_VARARGS | METH_KEYWORDS, nullptr},
    {"get_loop", py_get_loop, METH_NOARGS, nullptr},
    {"add_done_callback", reinterpret_cast<PyCFunction>(py_add_done_callback), METH_VARARGS | METH_KEYWORDS, nullptr},
    {"remove_done_callback", py_remove_done_callback, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef future_getters[] = {{"_asyncio_future_blocking", get_blocking, set_blocking, nullptr, nullptr},
                                {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMemberDef future_members[] = {{"__weaklistoffset__", T_PYSSIZET, offsetof(FutureObject, weakrefs), READONLY, nullptr},
                                {nullptr, 0, 0, 0, nullptr}};
PyType_Slot future_slots[] = {{Py_tp_doc, const_cast<char*>("An awaitable that the bridge completes.")},
                              {Py_tp_dealloc, reinterpret_cast<void*>(future_dealloc)},
                              {Py_tp_traverse, reinterpret_cast<void*>(future_traverse)},
                              {Py_tp_clear, reinterpret_cast<void*>(future_clear)},
                              {Py_tp_methods, future_methods},
                              {Py_tp_getset, future_getters},
                              {Py_tp_members, future_members},
                              {Py_am_await, reinterpret_cast<void*>(py_await)},
                              {Py_tp_iter, reinterpret_cast<void*>(py_await)},
                              {0, nullptr}};
PyType_Spec future_spec{"bascule._native.Future", sizeof(FutureObject), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, future_slots};

PyMethodDef iterator_methods[] = {{"send", iterator_send_method, METH_O, nullptr},
                                  {"throw", iterator_throw, METH_VARARGS, nullptr},
                                  {"close", iterator_close, METH_NOARGS, nullptr},
                                  {nullptr, nullptr, 0, nullptr}};
PyType_Slot iterator_slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(iterator_dealloc)},
                                {Py_tp_traverse, reinterpret_cast<void*>(iterator_traverse)},
                                {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                                {Py_tp_iternext, reinterpret_cast<void*>(iterator_next)},
                                {Py_am_send, reinterpret_cast<void*>(iterator_send)},
                                {Py_tp_methods, iterator_methods},
                                {0, nullptr}};
PyType_Spec iterator_spec{"bascule._native.FutureIterator", sizeof(IteratorObject), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, iterator_slots};

}  // namespace

bool load_asyncio() {
  if (cancelled_error_class != nullptr) return true;
  const Ref module = Ref::steal(PyImport_ImportModule("asyncio.exceptions"));
  if (!module) return false;
  cancelled_error_class = PyObject_GetAttrString(module.get(), "CancelledError");
  invalid_state_error = PyObject_GetAttrString(module.get(), "InvalidStateError");
  return cancelled_error_class != nullptr && invalid_state_error != nullptr;
}

PyObject* cancelled_error() { return cancelled_error_class; }

bool add_future_type(PyObject* module) {
  iterator_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&iterator_spec));
  future_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&future_spec));
  return iterator_type != nullptr && future_type != nullptr && load_asyncio() &&
         PyModule_AddObjectRef(module, "Future", reinterpret_cast<PyObject*>(future_type)) == 0;
}

FutureObject* new_future(PyObject* loop) {
  auto* made = PyObject_GC_New(FutureObject, future_type);
  if (made == nullptr) return nullptr;
  made->loop = Py_NewRef(loop);
  made->result = made->exception = made->weakrefs = nullptr;
  made->callbacks = new std::vector<FutureObject::Callback>;
  made->on_cancel = nullptr;
  made->state = State::pending;
  made->blocking = false;
  PyObject_GC_Track(made);
  return made;
}

void future_succeed(FutureObject* future, PyObject* result) {
  if (future->state != State::pending) return Py_DECREF(result);
  future->state = State::done;
  future->result = result;
  delete std::exchange(future->on_cancel, nullptr);
  wake(future);
}

void future_fail(FutureObject* future, PyObject* exception) {
  if (future->state != State::pending) return Py_DECREF(exception);
  future->state = State::done;
  future->exception = exception;
  delete std::exchange(future->on_cancel, nullptr);
  wake(future);
}

PyObject* take_error() {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return value;
}

void future_fail_with_error(FutureObject* future) { future_fail(future, take_error()); }

}  // namespace bascule::python
