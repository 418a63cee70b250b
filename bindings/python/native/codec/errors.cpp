#include "native/codec/errors.hpp"

namespace bascule::python {

std::string Trouble::full_path(std::string_view root) const {
  std::string out(root);
  for (auto segment = path.rbegin(); segment != path.rend(); ++segment) out += *segment;
  return out;
}

ErrorClasses& error_classes() {
  static auto* classes = new ErrorClasses;  // leaked: destructors must not run without an interpreter
  return *classes;
}

void raise_decode_error(const Trouble& trouble, std::string_view root, std::size_t offset) {
  if (PyErr_Occurred()) return;
  const std::string path = trouble.full_path(root);
  const Ref error = Ref::steal(PyObject_CallFunction(
      error_classes().decode.get(), "s#ns#", trouble.what.data(), static_cast<Py_ssize_t>(trouble.what.size()),
      static_cast<Py_ssize_t>(offset), path.data(), static_cast<Py_ssize_t>(path.size())));
  if (error) PyErr_SetObject(error_classes().decode.get(), error.get());
}

void raise_encode_error(const Trouble& trouble, std::string_view root) {
  if (PyErr_Occurred()) return;
  const std::string path = trouble.full_path(root);
  const Ref error = Ref::steal(PyObject_CallFunction(error_classes().encode.get(), "s#s#", trouble.what.data(),
                                                     static_cast<Py_ssize_t>(trouble.what.size()), path.data(),
                                                     static_cast<Py_ssize_t>(path.size())));
  if (error) PyErr_SetObject(error_classes().encode.get(), error.get());
}

}  // namespace bascule::python
