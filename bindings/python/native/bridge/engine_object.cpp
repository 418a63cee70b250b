#include "native/bridge/engine_object.hpp"

#include <pybind11/stl.h>

#include "bascule/daemon/idling.hpp"
#include "bascule/telemetry/log.hpp"
#include "native/bridge/call.hpp"
#include "native/bridge/context.hpp"
#include "native/bridge/future.hpp"
#include "native/bridge/links.hpp"
#include "native/bridge/manage.hpp"
#include "native/bridge/task.hpp"

namespace py = pybind11;

namespace bascule::python {

namespace {

Ref ref(const py::object& object) { return Ref::borrow(object.ptr()); }

/// Python's Engine. Its destructor ends the thread, so nothing outlives it that could want the GIL.
class EngineObject {
 public:
  EngineObject(const py::dict& options, const py::dict& classes) : bridge_(std::make_shared<Bridge>()) {
    Engine::Options given;
    auto& runner = given.runner;
    runner.name = py::cast<std::string>(options["name"]);
    runner.instance = py::cast<std::string>(options["instance"]);
    runner.broker_url = py::cast<std::string>(options["broker_url"]);
    runner.require = py::cast<std::vector<std::string>>(options["require"]);
    runner.database = py::cast<std::string>(options["database"]);
    runner.database_connections = py::cast<std::size_t>(options["database_connections"]);
    runner.concurrency = py::cast<std::uint32_t>(options["concurrency"]);
    given.migrations = py::cast<std::vector<std::pair<std::string, std::string>>>(options["migrations"]);
    given.admin = py::cast<std::string>(options["admin"]);
    given.spin_us = py::cast<std::optional<int>>(options["spin_us"]);
    if (given.spin_us && (*given.spin_us < 0 || *given.spin_us > max_spin_us)) {
      throw py::value_error("spin_us must be a number from 0 to " + std::to_string(max_spin_us) + ", not " +
                            std::to_string(*given.spin_us));
    }
    bridge_->engine = std::make_shared<Engine>(std::move(given));
    bridge_->current = ref(classes["current"]);
    bridge_->context_type = ref(classes["context"]);
    bridge_->run_sync = ref(classes["run_sync"]);
    bridge_->make_error = ref(classes["make_error"]);
    bridge_->make_sql_error = ref(classes["make_sql_error"]);
    bridge_->report = ref(classes["report"]);
    bridge_->enter_task = ref(classes["enter_task"]);
    bridge_->leave_task = ref(classes["leave_task"]);
  }
  ~EngineObject() { close(false); }
  EngineObject(const EngineObject&) = delete;
  EngineObject& operator=(const EngineObject&) = delete;

  void attach(const py::object& loop) {
    bridge_->loop = ref(loop);
    bridge_->call_soon = ref(loop.attr("call_soon"));
    bridge_->call_at = ref(loop.attr("call_at"));
  }
  int fileno() const { return bridge_->engine->mailbox().fd(); }
  void drain_mailbox() { drain(*bridge_); }

  void serve(const py::dict& description) {
    Engine::Service service;
    service.name = py::cast<std::string>(description["name"]);
    service.address = py::cast<std::string>(description["address"]);
    service.descriptor = py::cast<std::string>(description["descriptor"]);
    service.digest = py::cast<std::string>(description["digest"]);
    for (const auto item : description["methods"]) {
      const auto method = py::cast<py::dict>(item);
      Handler& handler = add_handler(method);
      handler.method = ref(method["method"]);
      service.methods.push_back({py::cast<std::string>(method["name"]), py::cast<bool>(method["oneway"]),
                                 py::cast<bool>(method["idempotent"]),
                                 std::chrono::milliseconds(py::cast<std::int64_t>(method["timeout_ms"])), &handler});
    }
    bridge_->engine->serve(std::move(service), deliver());
  }
  void on_event(const py::dict& description) {
    Handler& handler = add_handler(description);
    handler.plan = ref(description["plan"]);
    bridge_->engine->on_event(py::cast<std::string>(description["topic"]), py::cast<std::string>(description["type"]),
                              &handler, deliver());
  }

  void begin() { bridge_->engine->begin(); }
  void connect() { bridge_->engine->connect(); }
  bool connected() const { return bridge_->engine->connected(); }
  /// A Future that is done once everything serves.
  py::object start() {
    FutureObject* future = made();
    bridge_->engine->start([bridge = bridge_.get(), future](std::exception_ptr error) {
      bridge->engine->mailbox().push([bridge, future, error] { started(bridge, future, error); });
    });
    return py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(future));
  }
  /// A Future that is done once everything begun has ended.
  py::object stop_serving() {
    FutureObject* future = made();
    bridge_->engine->drain(
        [bridge = bridge_.get(), future] { bridge->engine->mailbox().push([future] { finished(future); }); });
    return py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(future));
  }
  void cancel_all() { cancel_tasks(*bridge_); }
  std::string admin_address() const { return bridge_->engine->admin_address(); }
  std::int64_t spin_us() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(bridge_->engine->loop().spin()).count();
  }
  std::string metrics() const { return bridge_->engine->metrics().text(); }

  py::object bind(const py::object& method, const std::string& address, double timeout, bool idempotent) {
    PyObject* made = new_bound_method(bridge_, method.ptr(), address, timeout, idempotent);
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
  }

  void listen_to(const std::string& address, const std::vector<std::string>& capabilities, const py::object& callback) {
    listen(*bridge_, address, capabilities, callback.ptr());
  }
  void send(const std::string& address, const std::vector<std::string>& capabilities, const std::string& subject,
            const py::bytes& body, const std::string& content_type) {
    send_plain(*bridge_, address, capabilities, subject, std::string(body), content_type);
  }
  py::bytes call(const std::string& address, const std::string& method, const py::bytes& body, double timeout) {
    rpc::Reply reply;
    const std::string given(body);
    {
      const py::gil_scoped_release release;
      reply = call_plain(*bridge_, address, method, given, timeout);
    }
    if (reply.error == Errc::ok) return py::bytes(reply.body);
    const Ref error = Ref::steal(make_error(*bridge_, reply.error, reply.message));
    if (error) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
    throw py::error_already_set();
  }

  /// None when no answer came in time, else (status, description, value).
  py::object manage(const py::dict& given, double timeout) {
    std::vector<std::pair<std::string, ManagementArgument>> arguments;
    for (const auto& [key, value] : given) {
      ManagementArgument argument;
      if (py::isinstance<py::bool_>(value)) {
        argument = py::cast<bool>(value);
      } else if (py::isinstance<py::int_>(value)) {
        argument = py::cast<std::uint64_t>(value);
      } else {
        argument = py::cast<std::string>(value);
      }
      arguments.emplace_back(py::cast<std::string>(key), std::move(argument));
    }
    std::optional<ManagementAnswer> answer;
    {
      const py::gil_scoped_release release;
      answer = python::manage(*bridge_, std::move(arguments), timeout);
    }
    if (!answer) return py::none();
    PyObject* const value = to_python(answer->value);
    if (value == nullptr) throw py::error_already_set();
    return py::make_tuple(answer->status, answer->description, py::reinterpret_steal<py::object>(value));
  }

  /// `tell`: the event loop is alive, so who waits can be told that what was under way has ended as cancelled.
  void close(bool tell) {
    if (std::exchange(bridge_->closed, true)) return;
    {
      const py::gil_scoped_release release;
      bridge_->engine->stop();
    }
    if (tell) drain(*bridge_);
    bridge_->loop = bridge_->call_soon = bridge_->call_at = Ref();
  }

  /// In a child after fork: the thread is not here, and what it used is shared with the parent. Nothing is touched again.
  void abandon() {
    bridge_->closed = true;
    new std::shared_ptr<Bridge>(bridge_);  // kept for ever, on purpose: destructors would act on the parent's sockets
  }

 private:
  /// A Future with a second reference, which the letter that completes it gives back.
  FutureObject* made() {
    FutureObject* future = new_future(bridge_->loop.get());
    if (future == nullptr) throw py::error_already_set();
    return future;
  }
  static void started(Bridge* bridge, FutureObject* future, const std::exception_ptr& error) {
    if (!error) return finished(future);
    PyObject* exception = nullptr;
    try {
      std::rethrow_exception(error);
    } catch (const Error& failure) {
      exception = make_error(*bridge, failure.code(), failure.what());
    } catch (const std::exception& failure) {
      exception = make_error(*bridge, Errc::internal, failure.what());
    }
    exception != nullptr ? future_fail(future, exception) : future_fail_with_error(future);
    Py_DECREF(future);
  }
  static void finished(FutureObject* future) {
    future_succeed(future, Py_NewRef(Py_None));
    Py_DECREF(future);
  }
  Handler& add_handler(const py::dict& description) {
    Handler& handler = bridge_->handlers.emplace_back();
    handler.bridge = bridge_.get();
    handler.callable = ref(description["handler"]);
    handler.is_async = py::cast<bool>(description["is_async"]);
    handler.takes_context = py::cast<bool>(description["takes_context"]);
    const py::object check = description["check"];
    if (!check.is_none()) handler.check = ref(check);
    return handler;
  }
  Engine::Deliver deliver() {
    return [engine = bridge_->engine.get()](std::shared_ptr<Job> job) {
      Handler* const handler = job->handler;
      engine->mailbox().push([handler, job = std::move(job)]() mutable { start_task(*handler, std::move(job)); });
    };
  }

  std::shared_ptr<Bridge> bridge_;
};

}  // namespace

void add_engine_class(py::module_& module) {
  py::class_<EngineObject>(module, "Engine")
      .def(py::init<const py::dict&, const py::dict&>(), py::arg("options"), py::arg("classes"))
      .def("attach", &EngineObject::attach, py::arg("loop"))
      .def("fileno", &EngineObject::fileno)
      .def("drain", &EngineObject::drain_mailbox)
      .def("serve", &EngineObject::serve, py::arg("service"))
      .def("on_event", &EngineObject::on_event, py::arg("event"))
      .def("begin", &EngineObject::begin)
      .def("connect", &EngineObject::connect)
      .def("connected", &EngineObject::connected)
      .def("start", &EngineObject::start)
      .def("stop_serving", &EngineObject::stop_serving)
      .def("cancel_all", &EngineObject::cancel_all)
      .def("admin_address", &EngineObject::admin_address)
      .def("metrics", &EngineObject::metrics)
      .def("spin_us", &EngineObject::spin_us)
      .def("bind", &EngineObject::bind, py::arg("method"), py::arg("address"), py::arg("timeout"),
           py::arg("idempotent"))
      .def("listen", &EngineObject::listen_to, py::arg("address"), py::arg("capabilities"), py::arg("callback"))
      .def("send", &EngineObject::send, py::arg("address"), py::arg("capabilities"), py::arg("subject"),
           py::arg("body"), py::arg("content_type"))
      .def("call", &EngineObject::call, py::arg("address"), py::arg("method"), py::arg("body"), py::arg("timeout"))
      .def("manage", &EngineObject::manage, py::arg("arguments"), py::arg("timeout"))
      .def("close", &EngineObject::close, py::arg("tell"))
      .def("abandon", &EngineObject::abandon);
  module.def(
      "describe_message",
      [](const py::bytes& message) {
        PyObject* const described = describe_message(std::string_view(message));
        if (described == nullptr) throw py::error_already_set();
        return py::reinterpret_steal<py::dict>(described);
      },
      py::arg("message"));
  module.def(
      "log_start",
      [](const std::string& process, const std::string& level) {
        const auto known = telemetry::level_from_string(level);
        if (!known) throw py::value_error("unknown log level: " + level);
        telemetry::log_start(process, *known);
      },
      py::arg("process"), py::arg("level"));
}

}  // namespace bascule::python
