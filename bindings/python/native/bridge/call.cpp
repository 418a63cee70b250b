#include "native/bridge/call.hpp"

#include "native/bridge/context.hpp"
#include "native/bridge/future.hpp"

namespace bascule::python {

namespace {

PyTypeObject* bound_type = nullptr;

struct BoundState {
  std::shared_ptr<Bridge> bridge;
  Ref method;
  std::string address;
  double timeout;  ///< seconds; 0: none
  bool idempotent;
};

struct BoundObject {
  PyObject_HEAD
  BoundState* state;
};

BoundState& state_of(PyObject* self) { return *reinterpret_cast<BoundObject*>(self)->state; }
const MethodObject& method_of(const BoundState& state) { return *reinterpret_cast<MethodObject*>(state.method.get()); }

/// What a caller says of one call, after (args): timeout, idempotency key, principal, binary.
struct Said {
  PyObject* args = nullptr;
  PyObject *timeout = Py_None, *key = Py_None, *principal = Py_None;
  int binary = 0;
};

bool parse(PyObject* args, PyObject* kwargs, Said& said) {
  static const char* names[] = {"args", "timeout", "idempotency_key", "principal", "binary", nullptr};
  return PyArg_ParseTupleAndKeywords(args, kwargs, "O!|OOOp", const_cast<char**>(names), &PyTuple_Type, &said.args,
                                     &said.timeout, &said.key, &said.principal, &said.binary);
}

bool read_text(PyObject* value, std::string& out) {
  if (value == Py_None) return true;
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(value, &size);
  if (text == nullptr) return false;
  out.assign(text, static_cast<std::size_t>(size));
  return true;
}

/// What the work at hand passes on: deadline, principal, trace. Outside of any work a new trace begins.
bool inherit(const BoundState& state, rpc::CallOptions& options) {
  PyObject* current = nullptr;
  if (PyContextVar_Get(state.bridge->current.get(), Py_None, &current) != 0) return false;
  const Ref context = Ref::steal(current);
  if (context.get() == Py_None) {
    options.trace = telemetry::TraceContext::make();
    return true;
  }
  const auto job = job_of(context.get());
  if (job == nullptr) return false;
  options.deadline = job->options.deadline;
  options.principal = job->options.principal;
  options.trace = job->options.trace.child();
  return true;
}

bool read_options(const BoundState& state, const Said& said, rpc::CallOptions& options) {
  if (!inherit(state, options)) return false;
  double seconds = state.timeout;
  if (said.timeout != Py_None) {
    seconds = PyFloat_AsDouble(said.timeout);
    if (seconds == -1.0 && PyErr_Occurred()) return false;
    if (seconds <= 0) seconds = 1e-9;
  }
  if (seconds > 0 && seconds < 1e9) {
    const auto own =
        Deadline::after(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
    options.deadline = options.deadline.earlier(own);
  }
  options.idempotent = state.idempotent;
  return read_text(said.key, options.idempotency_key) && read_text(said.principal, options.principal);
}

/// The call that (args, kwargs) ask for; null with a Python error.
std::unique_ptr<rpc::OutgoingCall> make_call(const BoundState& state, const Said& said) {
  if (state.bridge->closed) {
    const Ref error = Ref::steal(make_error(*state.bridge, Errc::unavailable, "the connection was closed here"));
    if (error) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
    return nullptr;
  }
  auto call = std::make_unique<rpc::OutgoingCall>();
  const MethodObject& method = method_of(state);
  if (!encode_call(method, said.binary != 0 ? Wire::binary : Wire::compact, said.args, call->body)) return nullptr;
  if (!read_options(state, said, call->options)) return nullptr;
  call->address = state.address;
  call->method = *method.name;
  call->encoding = said.binary != 0 ? rpc::Encoding::binary : rpc::Encoding::compact;
  call->oneway = method.oneway;
  return call;
}

/// The value of a reply (new reference), or null with the declared exception or the failure raised.
PyObject* value_of(Bridge& bridge, const MethodObject& method, const rpc::Reply& reply) {
  if (reply.error != Errc::ok) {
    const Ref error = Ref::steal(make_error(bridge, reply.error, reply.message));
    if (error) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
    return nullptr;
  }
  if (method.oneway) Py_RETURN_NONE;
  return decode_reply(method, reply.encoding == rpc::Encoding::binary ? Wire::binary : Wire::compact, reply.body);
}

/// Runs on the event loop's thread once the reply is there. Ends the future and gives its references back.
void complete(Bridge* bridge, FutureObject* future, PyObject* method, const rpc::Reply& reply) {
  const Ref keep_future = Ref::steal(reinterpret_cast<PyObject*>(future));
  const Ref keep_method = Ref::steal(method);
  if (future->state != FutureObject::State::pending) return;
  PyObject* value = value_of(*bridge, *reinterpret_cast<MethodObject*>(method), reply);
  value != nullptr ? future_succeed(future, value) : future_fail_with_error(future);
}

PyObject* call_async(PyObject* self, PyObject* args, PyObject* kwargs) {
  BoundState& state = state_of(self);
  Said said;
  if (!parse(args, kwargs, said)) return nullptr;
  if (!state.bridge->loop) {
    PyErr_SetString(PyExc_RuntimeError, "this client belongs to no event loop: open it with `async with`");
    return nullptr;
  }
  auto call = make_call(state, said);
  FutureObject* future = call != nullptr ? new_future(state.bridge->loop.get()) : nullptr;
  if (future == nullptr) return nullptr;
  Engine* engine = state.bridge->engine.get();
  auto id = std::make_shared<rpc::Client::CallId>(0);
  future->on_cancel =
      new UniqueFunction<void()>([engine, id] { engine->outbound()->push([engine, id] { engine->withdraw(id); }); });
  Py_INCREF(future);  // given back by complete()
  engine->outbound()->push([engine, id, call = std::move(call), bridge = state.bridge.get(), future,
                            method = Py_NewRef(state.method.get())]() mutable {
    auto done = [engine, bridge, future, method](rpc::Reply&& reply) {
      engine->mailbox().push(
          [bridge, future, method, reply = std::move(reply)] { complete(bridge, future, method, reply); });
    };
    engine->call(std::move(*call), std::move(done), id);
  });
  return reinterpret_cast<PyObject*>(future);
}

PyObject* call_sync(PyObject* self, PyObject* args, PyObject* kwargs) {
  const BoundState& state = state_of(self);
  Said said;
  if (!parse(args, kwargs, said)) return nullptr;
  auto call = make_call(state, said);
  if (call == nullptr) return nullptr;
  rpc::Reply reply;
  Py_BEGIN_ALLOW_THREADS;
  reply = state.bridge->engine->call_and_wait(std::move(call));
  Py_END_ALLOW_THREADS;
  return value_of(*state.bridge, method_of(state), reply);
}

void bound_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  delete reinterpret_cast<BoundObject*>(self)->state;
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef bound_methods[] = {{"wait", reinterpret_cast<PyCFunction>(call_sync), METH_VARARGS | METH_KEYWORDS,
                                "wait(args, timeout=None, idempotency_key=None, principal=None, binary=False): blocks"},
                               {nullptr, nullptr, 0, nullptr}};
PyType_Slot bound_slots[] = {{Py_tp_doc, const_cast<char*>("One method of one service, for callers.")},
                             {Py_tp_dealloc, reinterpret_cast<void*>(bound_dealloc)},
                             {Py_tp_call, reinterpret_cast<void*>(call_async)},
                             {Py_tp_methods, bound_methods},
                             {0, nullptr}};
PyType_Spec bound_spec{"bascule._native.BoundMethod", sizeof(BoundObject), 0,
                       Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, bound_slots};

}  // namespace

bool add_call_type(PyObject* module) {
  bound_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&bound_spec));
  return bound_type != nullptr &&
         PyModule_AddObjectRef(module, "BoundMethod", reinterpret_cast<PyObject*>(bound_type)) == 0;
}

PyObject* new_bound_method(std::shared_ptr<Bridge> bridge, PyObject* method, std::string address, double timeout,
                           bool idempotent) {
  if (!PyObject_TypeCheck(method, method_type)) return PyErr_SetString(PyExc_TypeError, "expected a Method"), nullptr;
  auto* made = reinterpret_cast<BoundObject*>(bound_type->tp_alloc(bound_type, 0));
  if (made == nullptr) return nullptr;
  made->state = new BoundState{std::move(bridge), Ref::borrow(method), std::move(address), timeout, idempotent};
  return reinterpret_cast<PyObject*>(made);
}

}  // namespace bascule::python
