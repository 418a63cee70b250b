// Encoder: Python objects straight into Thrift bytes, by a plan, in one pass.
//
// Values are checked as they are written: types, integer ranges, UTF-8, required fields, one field of a union. A fault
// leaves `trouble` (or a Python error) and bytes that must be thrown away.
// Thread safety: the GIL. Lifetime: on the stack; the values, the plan and the output string must outlive it.
#pragma once

#include "native/codec/decoder.hpp"

#include <string>

namespace bascule::python {

/// "expected int, got str" for a value of the wrong type.
std::string expected(const char* wanted, PyObject* got);
/// The 16 bytes of a uuid.UUID (or of bytes-like of that size); empty on failure.
bool uuid_bytes(PyObject* value, std::string& out);

/// A new list of a set's elements in ascending order, so that equal sets give equal bytes in every process.
PyObject* in_order(PyObject* set);

template <class Writer>
class Encoder {
 public:
  explicit Encoder(std::string& bytes) : out(bytes) {}

  Writer out;
  Trouble trouble;

  bool structure(const StructPlan& plan, PyObject* object) {
    if (plan.type != nullptr) {
      if (!PyObject_TypeCheck(object, plan.type)) return trouble.set(expected(plan.name.c_str(), object));
      return fields(plan, reinterpret_cast<char*>(object));
    }
    if (!PyTuple_Check(object) || static_cast<std::size_t>(PyTuple_GET_SIZE(object)) != plan.fields.size()) {
      return trouble.set("expected a tuple of " + std::to_string(plan.fields.size()) + " arguments");
    }
    return fields(plan, reinterpret_cast<char*>(&PyTuple_GET_ITEM(object, 0)));
  }

  bool fields(const StructPlan& plan, char* base) {
    if (!out.struct_begin()) return trouble.set("is nested too deep");
    unsigned written = 0;
    for (const auto& field : plan.fields) {
      PyObject* item = slot_at(base, field);
      if (item == nullptr || item == Py_None) {
        if (may_be_absent(plan, field)) continue;
        trouble.field(field.name);
        return trouble.set(item == nullptr ? "is not set" : "must not be None");
      }
      if (!this->field(field.id, field.type, item)) return trouble.field(field.name), false;
      ++written;
    }
    if (plan.one_of && written != 1) return trouble.set("exactly one field of a union must be set");
    out.struct_end();
    return true;
  }

  bool field(std::int16_t id, const TypePlan& type, PyObject* item) {
    if (type.kind == Kind::boolean) {
      if (!PyBool_Check(item)) return trouble.set(expected("bool", item));
      out.bool_field(id, item == Py_True);
      return true;
    }
    out.field_begin(type.wire, id);
    return value(type, item);
  }

  bool value(const TypePlan& type, PyObject* item) {
    switch (type.kind) {
      case Kind::boolean:
        if (!PyBool_Check(item)) return trouble.set(expected("bool", item));
        out.boolean(item == Py_True);
        return true;
      case Kind::i8:
        return integer(item, INT8_MIN, INT8_MAX, "i8", [&](std::int64_t n) { out.i8(static_cast<std::int8_t>(n)); });
      case Kind::i16:
        return integer(item, INT16_MIN, INT16_MAX, "i16",
                       [&](std::int64_t n) { out.i16(static_cast<std::int16_t>(n)); });
      case Kind::enumeration:
      case Kind::i32:
        return integer(item, INT32_MIN, INT32_MAX, "i32",
                       [&](std::int64_t n) { out.i32(static_cast<std::int32_t>(n)); });
      case Kind::i64: return integer(item, INT64_MIN, INT64_MAX, "i64", [&](std::int64_t n) { out.i64(n); });
      case Kind::dbl: return number(item);
      case Kind::string: return text(item);
      case Kind::binary: return binary(item);
      case Kind::uuid: {
        std::string bytes;
        if (!uuid_bytes(item, bytes)) return trouble.set(expected("uuid.UUID", item));
        out.uuid(bytes);
        return true;
      }
      case Kind::union_:
      case Kind::exception:
      case Kind::structure: return structure(*type.structure, item);
      case Kind::list: return list(type, item);
      case Kind::set: return set(type, item);
      case Kind::map: return PyDict_Check(item) ? dict(type, item) : pairs(type, item);
    }
    return false;
  }

 private:
  static bool may_be_absent(const StructPlan& plan, const FieldPlan& field) {
    return field.requiredness == Requiredness::optional || plan.one_of ||
           (field.requiredness == Requiredness::standard && field.type.kind == Kind::structure);
  }

  template <class Put>
  bool integer(PyObject* item, std::int64_t least, std::int64_t most, const char* name, Put put) {
    if (!PyLong_Check(item)) return trouble.set(expected("int", item));
    int overflow = 0;
    const std::int64_t number = PyLong_AsLongLongAndOverflow(item, &overflow);
    if (overflow != 0 || number < least || number > most) return trouble.set(std::string("does not fit ") + name);
    put(number);
    return true;
  }
  bool number(PyObject* item) {
    if (!PyFloat_Check(item) && !PyLong_Check(item)) return trouble.set(expected("float", item));
    const double value = PyFloat_AsDouble(item);
    if (value == -1.0 && PyErr_Occurred()) {
      PyErr_Clear();
      return trouble.set("does not fit double");
    }
    out.dbl(value);
    return true;
  }
  bool text(PyObject* item) {
    if (!PyUnicode_Check(item)) return trouble.set(expected("str", item));
    Py_ssize_t size = 0;
    const char* utf8 = PyUnicode_AsUTF8AndSize(item, &size);
    if (utf8 == nullptr) {
      if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return false;
      PyErr_Clear();
      return trouble.set("cannot be written as UTF-8");
    }
    return blob(utf8, size);
  }
  bool binary(PyObject* item) {
    if (PyBytes_Check(item)) return blob(PyBytes_AS_STRING(item), PyBytes_GET_SIZE(item));
    Py_buffer view;
    if (!PyObject_CheckBuffer(item) || PyObject_GetBuffer(item, &view, PyBUF_SIMPLE) != 0) {
      PyErr_Clear();
      return trouble.set(expected("bytes", item));
    }
    const bool done = blob(static_cast<const char*>(view.buf), view.len);
    PyBuffer_Release(&view);
    return done;
  }
  bool blob(const char* data, Py_ssize_t size) {
    if (size > INT32_MAX) return trouble.set("is over 2 GiB");
    out.string(std::string_view(data, static_cast<std::size_t>(size)));
    return true;
  }
  /// Containers may change under us when an element runs Python code (a UUID's property): each size is held to.
  bool changed() { return trouble.set("changed while it was encoded"); }

  bool list(const TypePlan& type, PyObject* item) {
    if (!PyList_Check(item) && !PyTuple_Check(item)) return trouble.set(expected("list", item));
    const Py_ssize_t size = PySequence_Fast_GET_SIZE(item);
    if (size > INT32_MAX) return trouble.set("has too many elements");
    out.list_begin(type.parts[0].wire, static_cast<std::uint32_t>(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
      if (i >= PySequence_Fast_GET_SIZE(item)) return changed();
      const Ref element = Ref::borrow(PySequence_Fast_GET_ITEM(item, i));
      if (!value(type.parts[0], element.get())) return trouble.index(static_cast<std::size_t>(i)), false;
    }
    return true;
  }
  bool set(const TypePlan& type, PyObject* item) {
    if (!PyAnySet_Check(item)) return trouble.set(expected("set", item));
    const Ref elements = Ref::steal(in_order(item));
    if (!elements) return false;
    const Py_ssize_t size = PyList_GET_SIZE(elements.get());
    out.set_begin(type.parts[0].wire, static_cast<std::uint32_t>(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
      if (!value(type.parts[0], PyList_GET_ITEM(elements.get(), i)))
        return trouble.index(static_cast<std::size_t>(i)), false;
    }
    return true;
  }
  bool dict(const TypePlan& type, PyObject* item) {
    const Py_ssize_t size = PyDict_GET_SIZE(item);
    out.map_begin(type.parts[0].wire, type.parts[1].wire, static_cast<std::uint32_t>(size));
    PyObject *k = nullptr, *v = nullptr;
    std::size_t i = 0;
    for (Py_ssize_t at = 0; PyDict_Next(item, &at, &k, &v); ++i) {
      if (PyDict_GET_SIZE(item) != size) return changed();
      const Ref key = Ref::borrow(k), entry = Ref::borrow(v);
      if (!value(type.parts[0], key.get()) || !value(type.parts[1], entry.get())) return trouble.index(i), false;
    }
    return i == static_cast<std::size_t>(size) || changed();
  }
  /// A map inside a key: a tuple of pairs.
  bool pairs(const TypePlan& type, PyObject* item) {
    if (!type.key || !PyTuple_Check(item)) return trouble.set(expected("dict", item));
    const Py_ssize_t size = PyTuple_GET_SIZE(item);
    out.map_begin(type.parts[0].wire, type.parts[1].wire, static_cast<std::uint32_t>(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
      PyObject* pair = PyTuple_GET_ITEM(item, i);
      if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) return trouble.set(expected("a pair", pair));
      if (!value(type.parts[0], PyTuple_GET_ITEM(pair, 0)) || !value(type.parts[1], PyTuple_GET_ITEM(pair, 1))) {
        return trouble.index(static_cast<std::size_t>(i)), false;
      }
    }
    return true;
  }
};

}  // namespace bascule::python
