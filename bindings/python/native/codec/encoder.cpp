#include "native/codec/encoder.hpp"

namespace bascule::python {

std::string expected(const char* wanted, PyObject* got) {
  return std::string("expected ") + wanted + ", got " + Py_TYPE(got)->tp_name;
}

PyObject* in_order(PyObject* set) {
  if (PySet_GET_SIZE(set) < 2) return PySequence_List(set);
  Ref elements = Ref::steal(PySequence_List(set));
  if (!elements) return nullptr;
  PyObject* first = PyList_GET_ITEM(elements.get(), 0);
  const bool plain = PyLong_Check(first) || PyUnicode_Check(first) || PyBytes_Check(first) || PyFloat_Check(first);
  if (plain && PyList_Sort(elements.get()) == 0) return elements.release();
  PyErr_Clear();
  return PyObject_CallOneArg(error_classes().in_order.get(), set);
}

bool uuid_bytes(PyObject* value, std::string& out) {
  if (PyObject_IsInstance(value, error_classes().uuid.get()) != 1) return PyErr_Clear(), false;
  const Ref bytes = Ref::steal(PyObject_GetAttrString(value, "bytes"));
  if (!bytes || !PyBytes_Check(bytes.get()) || PyBytes_GET_SIZE(bytes.get()) != 16) return false;
  out.assign(PyBytes_AS_STRING(bytes.get()), 16);
  return true;
}

}  // namespace bascule::python
