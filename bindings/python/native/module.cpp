// The module bascule._native: pybind11 for the control surface, raw C types for the hot paths.
#include "native/python.hpp"

#include <pybind11/pybind11.h>

#include "native/bridge/call.hpp"
#include "native/bridge/context.hpp"
#include "native/bridge/engine_object.hpp"
#include "native/bridge/future.hpp"
#include "native/bridge/task.hpp"
#include "native/codec/errors.hpp"
#include "native/codec/method.hpp"
#include "native/codec/plan.hpp"

namespace py = pybind11;
namespace native = bascule::python;

namespace {

/// The classes that native code raises and makes; bascule.codec gives them once.
void configure(py::object decode, py::object encode, py::object application, py::object uuid, py::object in_order) {
  auto& classes = native::error_classes();
  classes.decode = native::Ref::borrow(decode.ptr());
  classes.encode = native::Ref::borrow(encode.ptr());
  classes.application = native::Ref::borrow(application.ptr());
  classes.uuid = native::Ref::borrow(uuid.ptr());
  classes.in_order = native::Ref::borrow(in_order.ptr());
}

}  // namespace

PYBIND11_MODULE(_native, module) {
  module.doc() = "Bascule's native part: codec and transport.";
  PyObject* const raw = module.ptr();
  const bool added = native::add_plan_type(raw) && native::add_method_type(raw) && native::add_future_type(raw) &&
                     native::add_context_type(raw) && native::add_task_type(raw) && native::add_call_type(raw);
  if (!added) throw py::error_already_set();
  native::add_engine_class(module);
  module.def("configure", &configure, py::arg("decode"), py::arg("encode"), py::arg("application"), py::arg("uuid"),
             py::arg("in_order"));
}
