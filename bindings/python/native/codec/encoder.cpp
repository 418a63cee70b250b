#include "native/codec/encoder.hpp"

namespace bascule::python {

std::string expected(const char* wanted, PyObject* got) {
  return std::string("expected ") + wanted + ", got " + Py_TYPE(got)->tp_name;
}

bool uuid_bytes(PyObject* value, std::string& out) {
  if (PyObject_IsInstance(value, error_classes().uuid.get()) != 1) return PyErr_Clear(), false;
  const Ref bytes = Ref::steal(PyObject_GetAttrString(value, "bytes"));
  if (!bytes || !PyBytes_Check(bytes.get()) || PyBytes_GET_SIZE(bytes.get()) != 16) return false;
  out.assign(PyBytes_AS_STRING(bytes.get()), 16);
  return true;
}

}  // namespace bascule::python
