// Method: one method of a contract, as the codec and the bridge use it: its arguments' plan and its result's plan.
//
// The result's plan has the success as field 0 (when the method is not void) and the declared exceptions behind it.
// Thread safety: the GIL.
#pragma once

#include "native/codec/codec.hpp"

#include <string>

namespace bascule::python {

struct MethodObject {
  PyObject_HEAD
  PyObject* args;    ///< Plan
  PyObject* result;  ///< Plan
  std::string* name;
  bool oneway;

  StructPlan& args_plan() const { return *reinterpret_cast<PlanObject*>(args)->plan; }
  StructPlan& result_plan() const { return *reinterpret_cast<PlanObject*>(result)->plan; }
};

extern PyTypeObject* method_type;
bool add_method_type(PyObject* module);

/// A CALL or ONEWAY. `args`: a tuple in the contract's order.
bool encode_call(const MethodObject& method, Wire wire, PyObject* args, std::string& out);
/// The arguments as a tuple.
PyObject* decode_call(const MethodObject& method, Wire wire, std::string_view bytes);
/// A REPLY with the returned value.
bool encode_return(const MethodObject& method, Wire wire, PyObject* value, std::string& out);
/// A REPLY with a declared exception. 1: done; 0: the contract does not declare it; -1: Python error.
int encode_raise(const MethodObject& method, Wire wire, PyObject* exception, std::string& out);
/// The returned value; or null, with the declared exception or a failure raised.
PyObject* decode_reply(const MethodObject& method, Wire wire, std::string_view bytes);

}  // namespace bascule::python
