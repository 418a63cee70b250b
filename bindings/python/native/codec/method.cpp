#include "native/codec/method.hpp"

#include "native/codec/decoder.hpp"
#include "native/codec/errors.hpp"

namespace bascule::python {

PyTypeObject* method_type = nullptr;

namespace {

MethodObject& self_of(PyObject* self) { return *reinterpret_cast<MethodObject*>(self); }

void raise_wrong_message(const MethodObject& method, std::string_view what) {
  Trouble trouble;
  trouble.set(std::string(what));
  raise_decode_error(trouble, *method.name, 0);
}

PyObject* method_new(PyTypeObject* type, PyObject* args, PyObject*) {
  const char* name;
  int oneway;
  PyObject *arguments, *result;
  if (!PyArg_ParseTuple(args, "spOO", &name, &oneway, &arguments, &result)) return nullptr;
  if (plan_from(arguments) == nullptr || plan_from(result) == nullptr) return nullptr;
  auto* self = reinterpret_cast<MethodObject*>(type->tp_alloc(type, 0));
  if (self == nullptr) return nullptr;
  self->name = new std::string(name);
  self->oneway = oneway != 0;
  self->args = Py_NewRef(arguments);
  self->result = Py_NewRef(result);
  return reinterpret_cast<PyObject*>(self);
}

int method_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(self_of(self).args);
  Py_VISIT(self_of(self).result);
  return 0;
}

void method_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  PyTypeObject* type = Py_TYPE(self);
  Py_XDECREF(self_of(self).args);
  Py_XDECREF(self_of(self).result);
  delete self_of(self).name;
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* bytes_or_null(bool done, const std::string& out) {
  return done ? PyBytes_FromStringAndSize(out.data(), static_cast<Py_ssize_t>(out.size())) : nullptr;
}

PyObject* py_encode_call(PyObject* self, PyObject* args) {
  PyObject* values;
  int binary = 0;
  std::string out;
  if (!PyArg_ParseTuple(args, "O|p", &values, &binary)) return nullptr;
  return bytes_or_null(encode_call(self_of(self), static_cast<Wire>(binary != 0), values, out), out);
}

template <PyObject* (*decode)(const MethodObject&, Wire, std::string_view)>
PyObject* py_decode(PyObject* self, PyObject* args) {
  Py_buffer view;
  int binary = 0;
  if (!PyArg_ParseTuple(args, "y*|p", &view, &binary)) return nullptr;
  PyObject* made = decode(self_of(self), static_cast<Wire>(binary != 0),
                          {static_cast<const char*>(view.buf), static_cast<std::size_t>(view.len)});
  PyBuffer_Release(&view);
  return made;
}

PyObject* py_encode_return(PyObject* self, PyObject* args) {
  PyObject* value;
  int binary = 0;
  std::string out;
  if (!PyArg_ParseTuple(args, "O|p", &value, &binary)) return nullptr;
  return bytes_or_null(encode_return(self_of(self), static_cast<Wire>(binary != 0), value, out), out);
}

PyObject* py_encode_raise(PyObject* self, PyObject* args) {
  PyObject* exception;
  int binary = 0;
  std::string out;
  if (!PyArg_ParseTuple(args, "O|p", &exception, &binary)) return nullptr;
  const int done = encode_raise(self_of(self), static_cast<Wire>(binary != 0), exception, out);
  if (done == 0) Py_RETURN_NONE;
  return bytes_or_null(done == 1, out);
}

PyObject* get_name(PyObject* self, void*) { return PyUnicode_FromString(self_of(self).name->c_str()); }
PyObject* get_oneway(PyObject* self, void*) { return PyBool_FromLong(self_of(self).oneway); }

PyMethodDef methods[] = {
    {"encode_call", py_encode_call, METH_VARARGS, "encode_call(args, binary=False) -> bytes"},
    {"decode_call", py_decode<decode_call>, METH_VARARGS, "decode_call(data, binary=False) -> tuple"},
    {"encode_return", py_encode_return, METH_VARARGS, "encode_return(value, binary=False) -> bytes"},
    {"encode_raise", py_encode_raise, METH_VARARGS, "encode_raise(exception, binary=False) -> bytes | None"},
    {"decode_reply", py_decode<decode_reply>, METH_VARARGS, "decode_reply(data, binary=False) -> value, or raises"},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getters[] = {{"name", get_name, nullptr, nullptr, nullptr},
                         {"oneway", get_oneway, nullptr, nullptr, nullptr},
                         {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("How one method's messages are read and written.")},
                       {Py_tp_new, reinterpret_cast<void*>(method_new)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(method_dealloc)},
                       {Py_tp_traverse, reinterpret_cast<void*>(method_traverse)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, getters},
                       {0, nullptr}};
PyType_Spec method_spec{"bascule._native.Method", sizeof(MethodObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                        slots};

}  // namespace

bool add_method_type(PyObject* module) {
  method_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&method_spec));
  return method_type != nullptr &&
         PyModule_AddObjectRef(module, "Method", reinterpret_cast<PyObject*>(method_type)) == 0;
}

bool encode_call(const MethodObject& method, Wire wire, PyObject* args, std::string& out) {
  const auto type = method.oneway ? thrift::MessageType::oneway : thrift::MessageType::call;
  return encode_message(method.args_plan(), wire, type, *method.name, args, out);
}

PyObject* decode_call(const MethodObject& method, Wire wire, std::string_view bytes) {
  Opened opened;
  if (!decode_message(method.args_plan(), wire, bytes, opened)) return nullptr;
  const bool call =
      opened.header.type == thrift::MessageType::call || opened.header.type == thrift::MessageType::oneway;
  if (call && opened.header.name == *method.name) return opened.body;
  Py_DECREF(opened.body);
  raise_wrong_message(method, "the message is not a call of this method");
  return nullptr;
}

bool encode_return(const MethodObject& method, Wire wire, PyObject* value, std::string& out) {
  const StructPlan& plan = method.result_plan();
  const FieldPlan* success = plan.find(0, 0);
  if (success == nullptr && value != Py_None) {
    PyErr_Format(error_classes().encode.get(), "%s returns nothing by its contract, but got %.100s",
                 method.name->c_str(), Py_TYPE(value)->tp_name);
    return false;
  }
  return encode_result(plan, wire, *method.name, success, value, out);
}

int encode_raise(const MethodObject& method, Wire wire, PyObject* exception, std::string& out) {
  const StructPlan& plan = method.result_plan();
  for (const auto& field : plan.fields) {
    if (field.id == 0 || !PyObject_TypeCheck(exception, field.type.structure->type)) continue;
    return encode_result(plan, wire, *method.name, &field, exception, out) ? 1 : -1;
  }
  return 0;
}

PyObject* decode_reply(const MethodObject& method, Wire wire, std::string_view bytes) {
  Opened opened;
  const StructPlan& plan = method.result_plan();
  if (!decode_message(plan, wire, bytes, opened)) return nullptr;
  const Ref body = Ref::steal(opened.body);
  if (opened.header.type != thrift::MessageType::reply) {
    raise_wrong_message(method, "the message is not a reply");
    return nullptr;
  }
  bool is_void = true;
  for (const auto& field : plan.fields) {
    PyObject* value = slot_at(reinterpret_cast<char*>(&PyTuple_GET_ITEM(body.get(), 0)), field);
    if (field.id == 0) is_void = false;
    if (value == Py_None) continue;
    if (field.id == 0) return Py_NewRef(value);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(value)), value);
    return nullptr;
  }
  if (is_void) Py_RETURN_NONE;
  raise_wrong_message(method, "the reply holds neither a result nor a declared exception");
  return nullptr;
}

}  // namespace bascule::python
