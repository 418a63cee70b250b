#include "native/bridge/context.hpp"

#include <structmember.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "bascule/pg/error.hpp"
#include "bascule/pg/pool.hpp"
#include "native/bridge/future.hpp"

namespace bascule::python {

PyTypeObject* context_type = nullptr;

namespace {

struct ContextObject {
  PyObject_HEAD
  Bridge* bridge;
  std::shared_ptr<Job>* job;
  PyObject* method;
  PyObject* extra;  ///< what the Python class keeps: its transaction
};

ContextObject& self_of(PyObject* self) { return *reinterpret_cast<ContextObject*>(self); }
const Job& job_in(PyObject* self) { return **self_of(self).job; }

/// What a database operation brought, on its way to Python.
struct Brought {
  std::vector<pg::Result> results;
  Errc code = Errc::ok;
  std::string message;
  std::unique_ptr<pg::ErrorFields> sql;
};

PyObject* text_from_view(std::string_view text) {
  return PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

/// One row: a tuple of bytes and None, as the server sent them.
PyObject* row_from(const pg::Result& result, std::size_t row) {
  Ref made = Ref::steal(PyTuple_New(static_cast<Py_ssize_t>(result.columns())));
  for (std::size_t i = 0; made && i < result.columns(); ++i) {
    const pg::Field field = result.field(row, i);
    PyObject* value = field.null
                          ? Py_NewRef(Py_None)
                          : PyBytes_FromStringAndSize(field.bytes.data(), static_cast<Py_ssize_t>(field.bytes.size()));
    if (value == nullptr) return nullptr;
    PyTuple_SET_ITEM(made.get(), static_cast<Py_ssize_t>(i), value);
  }
  return made.release();
}

/// (column names, type OIDs, rows, rows affected)
PyObject* result_from(const pg::Result& result) {
  const Ref names = Ref::steal(PyTuple_New(static_cast<Py_ssize_t>(result.columns())));
  const Ref types = Ref::steal(PyTuple_New(static_cast<Py_ssize_t>(result.columns())));
  const Ref rows = Ref::steal(PyList_New(static_cast<Py_ssize_t>(result.size())));
  if (!names || !types || !rows) return nullptr;
  for (std::size_t i = 0; i < result.columns(); ++i) {
    PyObject* name = text_from_view(result.column_name(i));
    PyObject* type = PyLong_FromUnsignedLong(result.column_type(i));
    if (name == nullptr || type == nullptr) return nullptr;
    PyTuple_SET_ITEM(names.get(), static_cast<Py_ssize_t>(i), name);
    PyTuple_SET_ITEM(types.get(), static_cast<Py_ssize_t>(i), type);
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    PyObject* row = row_from(result, i);
    if (row == nullptr) return nullptr;
    PyList_SET_ITEM(rows.get(), static_cast<Py_ssize_t>(i), row);
  }
  return Py_BuildValue("OOOK", names.get(), types.get(), rows.get(),
                       static_cast<unsigned long long>(result.affected()));
}

PyObject* error_from(Bridge& bridge, const Brought& brought) {
  if (brought.sql == nullptr) return make_error(bridge, brought.code, brought.message);
  const std::string code(to_string(brought.code));
  return PyObject_CallFunction(bridge.make_sql_error.get(), "ssss", code.c_str(), brought.message.c_str(),
                               brought.sql->sqlstate.c_str(), brought.sql->constraint.c_str());
}

/// Runs on the event loop's thread.
void complete(Bridge* bridge, FutureObject* future, const Brought& brought) {
  const Ref keep = Ref::steal(reinterpret_cast<PyObject*>(future));
  if (brought.code != Errc::ok) {
    PyObject* error = error_from(*bridge, brought);
    return error != nullptr ? future_fail(future, error) : future_fail_with_error(future);
  }
  PyObject* value = brought.results.empty() ? Py_NewRef(Py_None) : result_from(brought.results.front());
  value != nullptr ? future_succeed(future, value) : future_fail_with_error(future);
}

using Operation = std::function<asio::awaitable<void>(service::Context&, Brought&)>;

/// On the loop's thread: runs the operation and sends what it brought.
asio::awaitable<void> operate(Bridge* bridge, std::shared_ptr<Job> job, Operation operation, FutureObject* future) {
  Brought brought;
  try {
    co_await operation(*job->context, brought);
  } catch (const pg::SqlError& error) {
    brought.code = error.code();
    brought.message = error.what();
    brought.sql = std::make_unique<pg::ErrorFields>(error.fields());
  } catch (const Error& error) {
    brought.code = error.code();
    brought.message = error.what();
  } catch (const std::exception& error) {
    brought.code = Errc::internal;
    brought.message = error.what();
  }
  bridge->engine->mailbox().push(
      [bridge, future, what = std::make_shared<Brought>(std::move(brought))] { complete(bridge, future, *what); });
  job->leave();
}

void begin_operation(Bridge* bridge, const std::shared_ptr<Job>& job, Operation operation, FutureObject* future) {
  if (job->context == nullptr) {
    bridge->engine->mailbox().push([bridge, future] {
      complete(bridge, future,
               {{}, Errc::invalid_argument, "the call or event that this context belongs to has ended", nullptr});
    });
    return;
  }
  job->enter([bridge, job, operation = std::move(operation), future]() mutable {
    asio::co_spawn(bridge->engine->loop().context(), operate(bridge, job, std::move(operation), future),
                   asio::detached);
  });
}

/// A Future of what the operation brings.
PyObject* run(PyObject* self, Operation operation) {
  ContextObject& context = self_of(self);
  if (context.bridge->closed) return PyErr_SetString(PyExc_RuntimeError, "the application has stopped"), nullptr;
  FutureObject* future = new_future(context.bridge->loop.get());
  if (future == nullptr) return nullptr;
  Py_INCREF(future);  // given back by complete()
  context.bridge->engine->outbound()->push(
      [bridge = context.bridge, job = *context.job, operation = std::move(operation), future]() mutable {
        begin_operation(bridge, job, std::move(operation), future);
      });
  return reinterpret_cast<PyObject*>(future);
}

/// From None, str and bytes; Python's side has turned everything else into one of them.
bool read_parameters(PyObject* sequence, std::vector<pg::Param>& out) {
  const Ref items = Ref::steal(PySequence_Fast(sequence, "the parameters are a sequence"));
  if (!items) return false;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.get()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items.get(), i);
    if (item == Py_None) {
      out.emplace_back(nullptr);
    } else if (PyBytes_Check(item)) {
      out.emplace_back(
          pg::Bytes{std::string(PyBytes_AS_STRING(item), static_cast<std::size_t>(PyBytes_GET_SIZE(item)))});
    } else {
      Py_ssize_t size = 0;
      const char* text = PyUnicode_AsUTF8AndSize(item, &size);
      if (text == nullptr) return false;
      if (std::string_view(text, static_cast<std::size_t>(size)).find('\0') != std::string_view::npos) {
        PyErr_SetString(PyExc_ValueError, "PostgreSQL cannot store text with a NUL character");
        return false;
      }
      out.emplace_back(std::string(text, static_cast<std::size_t>(size)));
    }
  }
  return true;
}

bool read_statement(PyObject* args, std::shared_ptr<pg::Statement>& statement) {
  const char* text;
  Py_ssize_t size;
  PyObject* parameters;
  if (!PyArg_ParseTuple(args, "s#O", &text, &size, &parameters)) return false;
  std::vector<pg::Param> values;
  if (!read_parameters(parameters, values)) return false;
  const pg::Sql sql = pg::Sql::trusted(std::string_view(text, static_cast<std::size_t>(size)));
  statement = std::make_shared<pg::Statement>(pg::Statement::with(sql, std::move(values)));
  return true;
}

PyObject* py_execute(PyObject* self, PyObject* args) {
  std::shared_ptr<pg::Statement> statement;
  if (!read_statement(args, statement)) return nullptr;
  return run(self, [statement](service::Context& context, Brought& brought) -> asio::awaitable<void> {
    auto* const transaction = co_await context.transaction();
    brought.results.push_back(co_await transaction->exec(std::move(*statement)));
  });
}

PyObject* py_query(PyObject* self, PyObject* args) {
  std::shared_ptr<pg::Statement> statement;
  if (!read_statement(args, statement)) return nullptr;
  return run(self, [statement](service::Context& context, Brought& brought) -> asio::awaitable<void> {
    brought.results.push_back(co_await context.database().exec(context.deadline(), std::move(*statement)));
  });
}

PyObject* py_begin(PyObject* self, PyObject*) {
  return run(self,
             [](service::Context& context, Brought&) -> asio::awaitable<void> { co_await context.transaction(); });
}

PyObject* py_emit(PyObject* self, PyObject* args) {
  const char *topic, *type, *key, *body;
  Py_ssize_t topic_size, type_size, key_size, body_size;
  if (!PyArg_ParseTuple(args, "s#s#s#y#", &topic, &topic_size, &type, &type_size, &key, &key_size, &body, &body_size))
    return nullptr;
  auto event = std::make_shared<service::EncodedEvent>();
  event->topic.assign(topic, static_cast<std::size_t>(topic_size));
  event->type.assign(type, static_cast<std::size_t>(type_size));
  event->key.assign(key, static_cast<std::size_t>(key_size));
  event->body.assign(body, static_cast<std::size_t>(body_size));
  return run(self, [event](service::Context& context, Brought&) -> asio::awaitable<void> {
    co_await context.emit(std::move(*event));
  });
}

PyObject* get_deadline(PyObject* self, void*) {
  const Deadline deadline = job_in(self).options.deadline;
  if (deadline.is_never()) Py_RETURN_NONE;
  return PyFloat_FromDouble(std::chrono::duration<double>(deadline.at().time_since_epoch()).count());
}
PyObject* get_principal(PyObject* self, void*) { return text_from_view(job_in(self).options.principal); }
PyObject* get_key(PyObject* self, void*) { return text_from_view(job_in(self).options.idempotency_key); }
PyObject* get_traceparent(PyObject* self, void*) {
  const auto& trace = job_in(self).options.trace;
  return text_from_view(trace.valid() ? trace.traceparent() : std::string());
}
PyObject* get_trace_id(PyObject* self, void*) {
  const auto& trace = job_in(self).options.trace;
  return text_from_view(trace.valid() ? trace.trace_id() : std::string());
}
PyObject* get_loop(PyObject* self, void*) {
  PyObject* loop = self_of(self).bridge->loop.get();
  return Py_NewRef(loop != nullptr ? loop : Py_None);
}
PyObject* get_tracestate(PyObject* self, void*) { return text_from_view(job_in(self).options.trace.state); }

void context_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  PyTypeObject* type = Py_TYPE(self);
  delete self_of(self).job;
  Py_CLEAR(self_of(self).method);
  Py_CLEAR(self_of(self).extra);
  type->tp_free(self);
  Py_DECREF(type);
}

int context_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(self_of(self).extra);
  return 0;
}

int context_clear(PyObject* self) {
  Py_CLEAR(self_of(self).extra);
  return 0;
}

PyMethodDef context_methods[] = {
    {"_execute", py_execute, METH_VARARGS, "_execute(sql, parameters): in the transaction"},
    {"_query", py_query, METH_VARARGS, "_query(sql, parameters): a transaction of its own"},
    {"_begin", py_begin, METH_NOARGS, "begins the transaction"},
    {"_emit", py_emit, METH_VARARGS, "_emit(topic, type, key, message)"},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef context_getters[] = {{"deadline", get_deadline, nullptr, "by time.monotonic(); None: none", nullptr},
                                 {"principal", get_principal, nullptr, "who is calling; empty: nobody", nullptr},
                                 {"idempotency_key", get_key, nullptr, "empty: none", nullptr},
                                 {"traceparent", get_traceparent, nullptr, "W3C trace context; empty: none", nullptr},
                                 {"_loop", get_loop, nullptr, nullptr, nullptr},
                                 {"tracestate", get_tracestate, nullptr, nullptr, nullptr},
                                 {"trace_id", get_trace_id, nullptr, "32 hex digits; empty: none", nullptr},
                                 {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMemberDef context_members[] = {
    {"method", T_OBJECT, offsetof(ContextObject, method), READONLY, "the method's name, or \"event\""},
    {"_extra", T_OBJECT, offsetof(ContextObject, extra), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr}};
PyType_Slot context_slots[] = {{Py_tp_doc, const_cast<char*>("The native part of bascule.Context.")},
                               {Py_tp_dealloc, reinterpret_cast<void*>(context_dealloc)},
                               {Py_tp_traverse, reinterpret_cast<void*>(context_traverse)},
                               {Py_tp_clear, reinterpret_cast<void*>(context_clear)},
                               {Py_tp_methods, context_methods},
                               {Py_tp_getset, context_getters},
                               {Py_tp_members, context_members},
                               {0, nullptr}};
PyType_Spec context_spec{"bascule._native.ContextBase", sizeof(ContextObject), 0,
                         Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, context_slots};

}  // namespace

bool add_context_type(PyObject* module) {
  context_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&context_spec));
  if (context_type == nullptr) return false;
  context_type->tp_new = nullptr;  // made by the bridge only
  return PyModule_AddObjectRef(module, "ContextBase", reinterpret_cast<PyObject*>(context_type)) == 0;
}

PyObject* new_context(Bridge& bridge, std::shared_ptr<Job> job, const char* method) {
  auto* type = reinterpret_cast<PyTypeObject*>(bridge.context_type.get());
  auto* made = reinterpret_cast<ContextObject*>(type->tp_alloc(type, 0));
  if (made == nullptr) return nullptr;
  made->bridge = &bridge;
  made->job = new std::shared_ptr<Job>(std::move(job));
  made->method = PyUnicode_InternFromString(method);
  return reinterpret_cast<PyObject*>(made);
}

std::shared_ptr<Job> job_of(PyObject* context) {
  if (PyObject_TypeCheck(context, context_type)) return *self_of(context).job;
  PyErr_SetString(PyExc_TypeError, "expected a Context");
  return nullptr;
}

}  // namespace bascule::python
