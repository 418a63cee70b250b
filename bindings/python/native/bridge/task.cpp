#include "native/bridge/task.hpp"

#include <structmember.h>

#include "native/bridge/context.hpp"
#include "native/bridge/future.hpp"

namespace bascule::python {

namespace {

PyTypeObject* task_type = nullptr;
PyObject *str_throw, *str_blocking, *str_add_done_callback, *str_wakeup, *str_step, *str_result, *str_cancel,
    *str_context, *str_expire;
PyObject* context_keyword;  // ("context",)
PyObject* ctx_keyword;      // ("ctx",)

struct TaskObject {
  PyObject_HEAD
  Handler* handler;
  std::shared_ptr<Job>* job;
  PyObject* coroutine;
  PyObject* context;  ///< contextvars
  PyObject* waiter;   ///< the future it waits on
  PyObject* message;  ///< of cancel()
  PyObject* timer;    ///< the deadline's, while suspended
  PyObject* weakrefs;
  PyObject* dict;
  unsigned cancels;  ///< cancel() less uncancel()
  bool must_cancel, ended, expired;
};

TaskObject& self_of(PyObject* self) { return *reinterpret_cast<TaskObject*>(self); }
PyObject* object_of(TaskObject& task) { return reinterpret_cast<PyObject*>(&task); }
Bridge& bridge_of(TaskObject& task) { return *task.handler->bridge; }

void send(TaskObject& task, Outcome outcome) {
  if (std::exchange(task.ended, true)) return;
  if (task.timer != nullptr) {
    if (!Ref::steal(PyObject_CallMethodNoArgs(task.timer, str_cancel))) PyErr_Clear();
    Py_CLEAR(task.timer);
  }
  Bridge& bridge = bridge_of(task);
  bridge.engine->outbound()->push(
      [job = *task.job, how = std::make_unique<Outcome>(std::move(outcome))] { job->finish(std::move(*how)); });
  if (bridge.tasks.erase(object_of(task)) != 0) Py_DECREF(object_of(task));
}

std::string text_of(PyObject* exception) {
  const Ref text = Ref::steal(PyObject_Str(exception));
  const char* utf8 = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  if (utf8 == nullptr) PyErr_Clear();
  return utf8 != nullptr ? utf8 : "";
}

/// A subclass of bascule.Error carries its wire name as `code`.
bool platform_failure(PyObject* exception, Outcome& outcome) {
  const Ref code = Ref::steal(PyObject_GetAttrString(exception, "__bascule_error__"));
  if (!code) return PyErr_Clear(), false;
  const char* name = PyUnicode_AsUTF8(code.get());
  if (name == nullptr) return PyErr_Clear(), false;
  outcome = {Outcome::Kind::failure, text_of(exception), errc_from_string(name)};
  return true;
}

Wire wire_of(const TaskObject& task) {
  return (*task.job)->encoding == rpc::Encoding::binary ? Wire::binary : Wire::compact;
}

const MethodObject* method_of(const TaskObject& task) {
  return task.handler->method ? reinterpret_cast<MethodObject*>(task.handler->method.get()) : nullptr;
}

/// Takes over the reference. What the handler raised becomes the outcome.
void end_raised(TaskObject& task, PyObject* taken) {
  const Ref exception = Ref::steal(taken);
  Outcome outcome;
  if (const MethodObject* method = method_of(task)) {
    const int declared = encode_raise(*method, wire_of(task), exception.get(), outcome.text);
    if (declared == 1) {
      outcome.kind = Outcome::Kind::declared;
      return send(task, std::move(outcome));
    }
    if (declared < 0) return end_raised(task, take_error());
  }
  if (PyErr_GivenExceptionMatches(exception.get(), cancelled_error())) {
    if (task.expired)
      return send(task, {Outcome::Kind::failure, "the deadline passed in the handler", Errc::deadline_exceeded});
    return send(task, {Outcome::Kind::failure, "the handler was cancelled", Errc::unavailable});
  }
  if (platform_failure(exception.get(), outcome)) return send(task, std::move(outcome));
  Bridge& bridge = bridge_of(task);
  if (!Ref::steal(PyObject_CallOneArg(bridge.report.get(), exception.get()))) PyErr_Clear();
  send(task, {Outcome::Kind::crash, std::string(Py_TYPE(exception.get())->tp_name) + ": " + text_of(exception.get())});
}

void end_with_error(TaskObject& task) { end_raised(task, take_error()); }

void end_returned(TaskObject& task, PyObject* value) {
  Outcome outcome;
  const MethodObject* method = method_of(task);
  if (method == nullptr || method->oneway) return send(task, std::move(outcome));
  if (!encode_return(*method, wire_of(task), value, outcome.text)) return end_with_error(task);
  send(task, std::move(outcome));
}

bool step(TaskObject& task, PyObject* exception);

/// Calls task._step(exception) in a later turn of the event loop.
bool step_later(TaskObject& task, PyObject* exception) {
  const Ref method = Ref::steal(PyObject_GetAttr(object_of(task), str_step));
  if (!method) return false;
  PyObject* arguments[] = {nullptr, method.get(), exception != nullptr ? exception : Py_None, task.context};
  return bool(Ref::steal(PyObject_Vectorcall(bridge_of(task).call_soon.get(), arguments + 1,
                                             2 | PY_VECTORCALL_ARGUMENTS_OFFSET, context_keyword)));
}

/// While a handler is suspended its deadline is watched; one that never suspends needs no timer.
void watch_deadline(TaskObject& task) {
  const Deadline deadline = (*task.job)->options.deadline;
  if (task.timer != nullptr || deadline.is_never()) return;
  const double at = std::chrono::duration<double>(deadline.at().time_since_epoch()).count();
  const Ref when = Ref::steal(PyFloat_FromDouble(at));
  const Ref expire = Ref::steal(PyObject_GetAttr(object_of(task), str_expire));
  if (when && expire) {
    PyObject* arguments[] = {nullptr, when.get(), expire.get()};
    task.timer =
        PyObject_Vectorcall(bridge_of(task).call_at.get(), arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  }
  if (task.timer == nullptr) PyErr_Clear();
}

bool raise_in(TaskObject& task, PyObject* kind, const char* text) {
  const Ref error = Ref::steal(PyObject_CallFunction(kind, "s", text));
  return error && step_later(task, error.get());
}

/// The coroutine waits for `yielded` (a new reference): arrange to be woken.
bool wait_for(TaskObject& task, PyObject* taken) {
  const Ref yielded = Ref::steal(taken);
  watch_deadline(task);
  if (yielded.get() == Py_None) return step_later(task, nullptr);
  const Ref blocking = Ref::steal(PyObject_GetAttr(yielded.get(), str_blocking));
  if (!blocking) {
    PyErr_Clear();
    return raise_in(task, PyExc_RuntimeError, "the handler awaited something that is no asyncio awaitable");
  }
  if (PyObject_IsTrue(blocking.get()) != 1)
    return raise_in(task, PyExc_RuntimeError, "yield was used instead of yield from");
  if (PyObject_SetAttr(yielded.get(), str_blocking, Py_False) != 0) return false;
  const Ref add = Ref::steal(PyObject_GetAttr(yielded.get(), str_add_done_callback));
  const Ref wakeup = Ref::steal(PyObject_GetAttr(object_of(task), str_wakeup));
  if (!add || !wakeup) return false;
  PyObject* arguments[] = {nullptr, wakeup.get(), task.context};
  if (!Ref::steal(PyObject_Vectorcall(add.get(), arguments + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, context_keyword)))
    return false;
  task.waiter = Py_NewRef(yielded.get());
  if (!task.must_cancel) return true;
  const Ref cancelled = Ref::steal(PyObject_CallMethodNoArgs(yielded.get(), str_cancel));
  if (!cancelled) return false;
  if (PyObject_IsTrue(cancelled.get()) == 1) task.must_cancel = false;
  return true;
}

PySendResult resume(PyObject* coroutine, PyObject* exception, PyObject** result) {
  if (exception == nullptr) return PyIter_Send(coroutine, Py_None, result);
  *result = PyObject_CallMethodOneArg(coroutine, str_throw, exception);
  if (*result != nullptr) return PYGEN_NEXT;
  if (!PyErr_ExceptionMatches(PyExc_StopIteration)) return PYGEN_ERROR;
  const Ref stop = Ref::steal(take_error());
  *result = PyObject_GetAttrString(stop.get(), "value");
  return *result != nullptr ? PYGEN_RETURN : PYGEN_ERROR;
}

PyObject* make_cancelled(TaskObject& task) {
  return task.message != nullptr && task.message != Py_None ? PyObject_CallOneArg(cancelled_error(), task.message)
                                                            : PyObject_CallNoArgs(cancelled_error());
}

/// Runs `body` as asyncio's current task, in the task's own context when it is not entered yet.
template <class Body>
PySendResult as_current(TaskObject& task, Body body, PyObject** result) {
  Bridge& bridge = bridge_of(task);
  PyObject* pair[] = {nullptr, bridge.loop.get(), object_of(task)};
  *result = nullptr;
  if (!Ref::steal(
          PyObject_Vectorcall(bridge.enter_task.get(), pair + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr))) {
    return PYGEN_ERROR;
  }
  const PySendResult sent = body(result);
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  if (!Ref::steal(
          PyObject_Vectorcall(bridge.leave_task.get(), pair + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr))) {
    PyErr_WriteUnraisable(object_of(task));
  }
  PyErr_Restore(type, value, traceback);
  return sent;
}

/// What follows a step. False with an error when the task cannot go on.
void settle(TaskObject& task, PySendResult sent, PyObject* result) {
  if (sent == PYGEN_RETURN) {
    const Ref value = Ref::steal(result);
    return end_returned(task, value.get());
  }
  if (sent == PYGEN_ERROR) return end_with_error(task);
  if (!wait_for(task, result)) end_with_error(task);
}

/// One step of the coroutine; the context is entered already (asyncio's handles and futures do that).
bool step(TaskObject& task, PyObject* exception) {
  if (task.ended) return true;
  const Ref keep = Ref::borrow(object_of(task));
  Py_CLEAR(task.waiter);
  Ref thrown = exception != nullptr && exception != Py_None ? Ref::borrow(exception) : Ref();
  if (task.must_cancel) {
    if (!thrown || !PyErr_GivenExceptionMatches(thrown.get(), cancelled_error()))
      thrown = Ref::steal(make_cancelled(task));
    task.must_cancel = false;
  }
  PyObject* result = nullptr;
  const auto sent =
      as_current(task, [&](PyObject** out) { return resume(task.coroutine, thrown.get(), out); }, &result);
  settle(task, sent, result);
  return true;
}

PyObject* py_step(PyObject* self, PyObject* exception) {
  step(self_of(self), exception);
  Py_RETURN_NONE;
}

PyObject* py_wakeup(PyObject* self, PyObject* future) {
  const Ref result = Ref::steal(PyObject_CallMethodNoArgs(future, str_result));
  if (result) {
    step(self_of(self), nullptr);
  } else {
    const Ref error = Ref::steal(take_error());
    step(self_of(self), error.get());
  }
  Py_RETURN_NONE;
}

bool cancel(TaskObject& task, PyObject* message) {
  if (task.ended) return false;
  ++task.cancels;
  if (message != nullptr) Py_XSETREF(task.message, Py_NewRef(message));
  if (task.waiter != nullptr) {
    const Ref cancelled = Ref::steal(PyObject_CallMethodNoArgs(task.waiter, str_cancel));
    if (!cancelled) PyErr_Clear();
    if (cancelled && PyObject_IsTrue(cancelled.get()) == 1) return true;
  }
  task.must_cancel = true;
  return true;
}

PyObject* py_cancel(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"msg", nullptr};
  PyObject* message = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O", const_cast<char**>(names), &message)) return nullptr;
  return PyBool_FromLong(cancel(self_of(self), message));
}

PyObject* py_expire(PyObject* self, PyObject*) {
  TaskObject& task = self_of(self);
  Py_CLEAR(task.timer);
  task.expired = true;
  cancel(task, nullptr);
  Py_RETURN_NONE;
}

PyObject* py_uncancel(PyObject* self, PyObject*) {
  TaskObject& task = self_of(self);
  if (task.cancels > 0) --task.cancels;
  return PyLong_FromUnsignedLong(task.cancels);
}

PyObject* py_cancelling(PyObject* self, PyObject*) { return PyLong_FromUnsignedLong(self_of(self).cancels); }
PyObject* py_done(PyObject* self, PyObject*) { return PyBool_FromLong(self_of(self).ended); }
PyObject* py_false(PyObject*, PyObject*) { Py_RETURN_FALSE; }
PyObject* py_get_coro(PyObject* self, PyObject*) {
  return Py_NewRef(self_of(self).coroutine != nullptr ? self_of(self).coroutine : Py_None);
}
PyObject* py_get_context(PyObject* self, PyObject*) { return Py_NewRef(self_of(self).context); }
PyObject* py_get_loop(PyObject* self, PyObject*) { return Py_NewRef(bridge_of(self_of(self)).loop.get()); }
PyObject* py_get_name(PyObject* self, PyObject*) {
  const MethodObject* method = method_of(self_of(self));
  return PyUnicode_FromFormat("bascule:%s", method != nullptr ? method->name->c_str() : "event");
}
PyObject* py_succeed(PyObject* self, PyObject* value) {
  const Ref keep = Ref::borrow(self);
  end_returned(self_of(self), value);
  Py_RETURN_NONE;
}
PyObject* py_fail(PyObject* self, PyObject* exception) {
  const Ref keep = Ref::borrow(self);
  end_raised(self_of(self), Py_NewRef(exception));
  Py_RETURN_NONE;
}
PyObject* get_waiter(PyObject* self, void*) {
  return Py_NewRef(self_of(self).waiter != nullptr ? self_of(self).waiter : Py_None);
}
PyObject* get_must_cancel(PyObject* self, void*) { return PyBool_FromLong(self_of(self).must_cancel); }

int task_traverse(PyObject* self, visitproc visit, void* arg) {
  TaskObject& task = self_of(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(task.coroutine);
  Py_VISIT(task.context);
  Py_VISIT(task.waiter);
  Py_VISIT(task.message);
  Py_VISIT(task.timer);
  Py_VISIT(task.dict);
  return 0;
}

int task_clear(PyObject* self) {
  TaskObject& task = self_of(self);
  Py_CLEAR(task.coroutine);
  Py_CLEAR(task.context);
  Py_CLEAR(task.waiter);
  Py_CLEAR(task.message);
  Py_CLEAR(task.timer);
  Py_CLEAR(task.dict);
  return 0;
}

void task_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  TaskObject& task = self_of(self);
  if (task.weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  PyTypeObject* type = Py_TYPE(self);
  task_clear(self);
  delete task.job;
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

PyMethodDef methods[] = {{"_step", py_step, METH_O, nullptr},
                         {"_wakeup", py_wakeup, METH_O, nullptr},
                         {"_expire", py_expire, METH_NOARGS, nullptr},
                         {"cancel", reinterpret_cast<PyCFunction>(py_cancel), METH_VARARGS | METH_KEYWORDS, nullptr},
                         {"uncancel", py_uncancel, METH_NOARGS, nullptr},
                         {"cancelling", py_cancelling, METH_NOARGS, nullptr},
                         {"done", py_done, METH_NOARGS, nullptr},
                         {"cancelled", py_false, METH_NOARGS, nullptr},
                         {"get_coro", py_get_coro, METH_NOARGS, nullptr},
                         {"get_context", py_get_context, METH_NOARGS, nullptr},
                         {"get_loop", py_get_loop, METH_NOARGS, nullptr},
                         {"get_name", py_get_name, METH_NOARGS, nullptr},
                         {"succeed", py_succeed, METH_O, "Ends the task with what a plain function returned."},
                         {"fail", py_fail, METH_O, "Ends the task with what a plain function raised."},
                         {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getters[] = {{"_fut_waiter", get_waiter, nullptr, nullptr, nullptr},
                         {"_must_cancel", get_must_cancel, nullptr, nullptr, nullptr},
                         {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMemberDef members[] = {{"__weaklistoffset__", T_PYSSIZET, offsetof(TaskObject, weakrefs), READONLY, nullptr},
                         {"__dictoffset__", T_PYSSIZET, offsetof(TaskObject, dict), READONLY, nullptr},
                         {nullptr, 0, 0, 0, nullptr}};
PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("The task of one handler: to asyncio a task.")},
                       {Py_tp_dealloc, reinterpret_cast<void*>(task_dealloc)},
                       {Py_tp_traverse, reinterpret_cast<void*>(task_traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(task_clear)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, getters},
                       {Py_tp_members, members},
                       {0, nullptr}};
PyType_Spec spec{"bascule._native.HandlerTask", sizeof(TaskObject), 0,
                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

TaskObject* new_task(Handler& handler, std::shared_ptr<Job> job) {
  auto* task = PyObject_GC_New(TaskObject, task_type);
  if (task == nullptr) return nullptr;
  task->handler = &handler;
  task->job = new std::shared_ptr<Job>(std::move(job));
  task->coroutine = task->context = task->waiter = task->message = task->timer = nullptr;
  task->weakrefs = task->dict = nullptr;
  task->cancels = 0;
  task->must_cancel = task->ended = task->expired = false;
  PyObject_GC_Track(task);
  return task;
}

/// The handler's arguments: a tuple.
PyObject* decode_arguments(const TaskObject& task) {
  const std::string_view message = (*task.job)->message;
  if (const MethodObject* method = method_of(task)) return decode_call(*method, wire_of(task), message);
  Opened opened;
  if (!decode_message(*plan_from(task.handler->plan.get()), Wire::compact, message, opened)) return nullptr;
  return PyTuple_Pack(1, Ref::steal(opened.body).get());
}

/// Calls the handler with the arguments and ctx=context.
PyObject* call_handler(const Handler& handler, PyObject* arguments, PyObject* context) {
  const auto count = static_cast<std::size_t>(PyTuple_GET_SIZE(arguments));
  std::vector<PyObject*> given(count + 2);
  for (std::size_t i = 0; i < count; ++i) given[i + 1] = PyTuple_GET_ITEM(arguments, i);
  given[count + 1] = context;
  return PyObject_Vectorcall(handler.callable.get(), given.data() + 1, count | PY_VECTORCALL_ARGUMENTS_OFFSET,
                             handler.takes_context ? ctx_keyword : nullptr);
}

/// Inside the task's context: makes the bascule context, calls the handler and takes its first step.
PySendResult first_step(TaskObject& task, PyObject* arguments, PyObject** result) {
  Handler& handler = *task.handler;
  Bridge& bridge = *handler.bridge;
  const MethodObject* method = method_of(task);
  const Ref context = Ref::steal(new_context(bridge, *task.job, method != nullptr ? method->name->c_str() : "event"));
  if (!context) return PYGEN_ERROR;
  const Ref token = Ref::steal(PyContextVar_Set(bridge.current.get(), context.get()));
  if (!token) return PYGEN_ERROR;
  task.coroutine = call_handler(handler, arguments, context.get());
  return task.coroutine != nullptr ? PyIter_Send(task.coroutine, Py_None, result) : PYGEN_ERROR;
}

void run_plain(TaskObject& task, PyObject* arguments) {
  Bridge& bridge = bridge_of(task);
  const MethodObject* method = method_of(task);
  const Ref context = Ref::steal(new_context(bridge, *task.job, method != nullptr ? method->name->c_str() : "event"));
  const Ref done =
      context
          ? Ref::steal(PyObject_CallFunctionObjArgs(bridge.run_sync.get(), context.get(), task.handler->callable.get(),
                                                    arguments, object_of(task), nullptr))
          : Ref();
  if (!done) end_with_error(task);
}

void run_coroutine(TaskObject& task, PyObject* arguments) {
  task.context = PyContext_CopyCurrent();
  if (task.context == nullptr || PyContext_Enter(task.context) != 0) return end_with_error(task);
  PyObject* result = nullptr;
  const auto sent = as_current(task, [&](PyObject** out) { return first_step(task, arguments, out); }, &result);
  settle(task, sent, result);
  PyContext_Exit(task.context);
}

bool checked(TaskObject& task, PyObject* arguments) {
  return !task.handler->check || Ref::steal(PyObject_CallOneArg(task.handler->check.get(), arguments));
}

}  // namespace

void start_task(Handler& handler, std::shared_ptr<Job> job) {
  Bridge& bridge = *handler.bridge;
  const Ref task = Ref::steal(reinterpret_cast<PyObject*>(new_task(handler, job)));
  if (!task) {
    PyErr_Clear();
    bridge.engine->outbound()->push([job] { job->finish({Outcome::Kind::crash, "out of memory", Errc::internal}); });
    return;
  }
  TaskObject& self = self_of(task.get());
  bridge.tasks.insert(Py_NewRef(task.get()));
  const Ref arguments = Ref::steal(decode_arguments(self));
  if (!arguments || !checked(self, arguments.get())) {
    const Ref error = Ref::steal(take_error());
    Outcome outcome;
    if (!platform_failure(error.get(), outcome))
      outcome = {Outcome::Kind::failure, text_of(error.get()), Errc::invalid_argument};
    return send(self, std::move(outcome));
  }
  handler.is_async ? run_coroutine(self, arguments.get()) : run_plain(self, arguments.get());
}

void cancel_tasks(Bridge& bridge) {
  const std::vector<PyObject*> running(bridge.tasks.begin(), bridge.tasks.end());
  for (PyObject* task : running) Py_INCREF(task);
  for (PyObject* task : running) {
    cancel(self_of(task), nullptr);
    Py_DECREF(task);
  }
}

bool add_task_type(PyObject* module) {
  str_throw = PyUnicode_InternFromString("throw");
  str_blocking = PyUnicode_InternFromString("_asyncio_future_blocking");
  str_add_done_callback = PyUnicode_InternFromString("add_done_callback");
  str_wakeup = PyUnicode_InternFromString("_wakeup");
  str_step = PyUnicode_InternFromString("_step");
  str_result = PyUnicode_InternFromString("result");
  str_cancel = PyUnicode_InternFromString("cancel");
  str_context = PyUnicode_InternFromString("context");
  str_expire = PyUnicode_InternFromString("_expire");
  context_keyword = PyTuple_Pack(1, str_context);
  const Ref ctx = Ref::steal(PyUnicode_InternFromString("ctx"));
  ctx_keyword = PyTuple_Pack(1, ctx.get());
  task_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return task_type != nullptr && ctx_keyword != nullptr &&
         PyModule_AddObjectRef(module, "HandlerTask", reinterpret_cast<PyObject*>(task_type)) == 0;
}

}  // namespace bascule::python
