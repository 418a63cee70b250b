#include "native/codec/decoder.hpp"

#include <cstring>

namespace bascule::python {

namespace {

/// A bound for structs inside structs that were not on the wire; only a contract that contains itself reaches it.
constexpr int max_zero_depth = 16;

PyObject* zero_struct(const StructPlan& plan, int depth);

/// The zero of a type, for a required field of a struct that was not on the wire at all.
PyObject* zero_value(const TypePlan& type, const StructPlan& owner, int depth) {
  switch (type.kind) {
    case Kind::boolean: return Py_NewRef(Py_False);
    case Kind::i8:
    case Kind::i16:
    case Kind::i32:
    case Kind::i64: return PyLong_FromLong(0);
    case Kind::dbl: return PyFloat_FromDouble(0);
    case Kind::string: return PyUnicode_New(0, 0);
    case Kind::binary: return PyBytes_FromStringAndSize(nullptr, 0);
    case Kind::uuid: return uuid_from(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
    case Kind::enumeration: return enum_from(owner.enums[type.enumeration], 0);
    case Kind::union_:
    case Kind::exception:
    case Kind::structure: return zero_struct(*type.structure, depth + 1);
    case Kind::list: return type.key ? PyTuple_New(0) : PyList_New(0);
    case Kind::set: return type.key ? PyFrozenSet_New(nullptr) : PySet_New(nullptr);
    case Kind::map: return type.key ? PyTuple_New(0) : PyDict_New();
  }
  return nullptr;
}

PyObject* absent_value(const FieldPlan& field, const StructPlan& owner, int depth) {
  if (field.zero) return zero_struct(*field.type.structure, depth + 1);
  if (field.factory) return PyObject_CallNoArgs(field.absent.get());
  if (field.requiredness == Requiredness::required) return zero_value(field.type, owner, depth);
  return Py_NewRef(field.absent.get());
}

PyObject* zero_struct(const StructPlan& plan, int depth) {
  if (depth > max_zero_depth || plan.one_of) return Py_NewRef(Py_None);
  Ref object = Ref::steal(new_instance(plan));
  if (!object) return nullptr;
  for (const auto& field : plan.fields) {
    PyObject* value = absent_value(field, plan, depth);
    if (value == nullptr) return nullptr;
    slot_at(reinterpret_cast<char*>(object.get()), field) = value;
  }
  return object.release();
}

}  // namespace

PyObject* text_from(std::string_view utf8) {
  const auto size = static_cast<Py_ssize_t>(utf8.size());
  if (thrift::is_ascii(utf8.data(), utf8.size())) {
    PyObject* made = PyUnicode_New(size, 127);
    if (made != nullptr) std::memcpy(PyUnicode_DATA(made), utf8.data(), utf8.size());
    return made;
  }
  PyObject* made = PyUnicode_DecodeUTF8(utf8.data(), size, nullptr);
  if (made == nullptr && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) PyErr_Clear();
  return made;
}

PyObject* uuid_from(std::string_view bytes) {
  const Ref raw = Ref::steal(PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
  if (!raw) return nullptr;
  const Ref keyword = Ref::steal(Py_BuildValue("{s:O}", "bytes", raw.get()));
  const Ref none = Ref::steal(PyTuple_New(0));
  return keyword && none ? PyObject_Call(error_classes().uuid.get(), none.get(), keyword.get()) : nullptr;
}

PyObject* enum_from(const EnumTable& table, std::int32_t value) {
  if (value >= 0 && static_cast<std::size_t>(value) < table.small.size() && table.small[value]) {
    return Py_NewRef(table.small[value].get());
  }
  const Ref number = Ref::steal(PyLong_FromLong(value));
  return number ? PyObject_CallOneArg(table.type.get(), number.get()) : nullptr;
}

PyObject* new_instance(const StructPlan& plan) {
  if (plan.type == nullptr) return PyTuple_New(static_cast<Py_ssize_t>(plan.fields.size()));
  if (!plan.exception) return plan.type->tp_alloc(plan.type, 0);
  const Ref none = Ref::steal(PyTuple_New(0));
  return none ? reinterpret_cast<PyTypeObject*>(PyExc_Exception)->tp_new(plan.type, none.get(), nullptr) : nullptr;
}

bool fill_absent(const StructPlan& plan, char* base, Trouble& trouble) {
  for (const auto& field : plan.fields) {
    PyObject*& slot = slot_at(base, field);
    if (slot != nullptr) continue;
    if (field.requiredness == Requiredness::required) {
      trouble.field(field.name);
      return trouble.set("a required field is missing");
    }
    slot = absent_value(field, plan, 0);
    if (slot == nullptr) return false;
  }
  return true;
}

}  // namespace bascule::python
