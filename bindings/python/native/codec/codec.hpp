// Whole structs and whole messages, in either protocol: what the Python type `Plan` and the bridge call.
//
// Each returns a new reference (or true), or null (false) with a Python error: DecodeError, EncodeError, or what a value's
// own code raised. Thread safety: the GIL.
#pragma once

#include "native/codec/plan.hpp"

#include <string>
#include <string_view>

#include "bascule/thrift/types.hpp"

namespace bascule::python {

enum class Wire : bool { compact, binary };

/// The bare struct. Bytes left over are an error.
PyObject* decode_struct(const StructPlan& plan, Wire wire, std::string_view bytes);
bool encode_struct(const StructPlan& plan, Wire wire, PyObject* value, std::string& out);

/// What a message begins with; the name points into its bytes.
struct Opened {
  thrift::MessageHeader header;
  PyObject* body = nullptr;  ///< new reference
};
/// A message whose struct is `plan` when it is no EXCEPTION; an application exception is raised instead.
bool decode_message(const StructPlan& plan, Wire wire, std::string_view bytes, Opened& opened);
bool encode_message(const StructPlan& plan, Wire wire, thrift::MessageType type, std::string_view name, PyObject* value,
                    std::string& out);
/// A REPLY that holds one field of `plan`: the success (id 0) or a declared exception. Null field: void.
bool encode_result(const StructPlan& plan, Wire wire, std::string_view name, const FieldPlan* field, PyObject* value,
                   std::string& out);

// The methods of the Python type.
PyObject* plan_encode(PyObject* self, PyObject* args, PyObject* kwargs);
PyObject* plan_decode(PyObject* self, PyObject* args, PyObject* kwargs);
PyObject* plan_encode_message(PyObject* self, PyObject* args, PyObject* kwargs);
PyObject* plan_decode_message(PyObject* self, PyObject* args, PyObject* kwargs);

}  // namespace bascule::python
