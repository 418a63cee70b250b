// Decoder: bytes straight into Python objects, by a plan, over core's bounded readers.
//
// Nothing is built in between: a struct is allocated and its slots are filled by offset. The reader's limits hold (depth,
// sizes against the bytes left, message size), unknown fields are passed over. A fault leaves `trouble` and no object.
// Thread safety: the GIL. Lifetime: on the stack; the bytes and the plan must outlive it.
#pragma once

#include "native/codec/errors.hpp"
#include "native/codec/plan.hpp"

#include <string_view>

#include "bascule/thrift/binary.hpp"
#include "bascule/thrift/compact.hpp"

namespace bascule::python {

/// str from UTF-8; null without an error set when it is not UTF-8.
PyObject* text_from(std::string_view utf8);
PyObject* uuid_from(std::string_view bytes);
PyObject* enum_from(const EnumTable& table, std::int32_t value);
/// An instance with empty slots.
PyObject* new_instance(const StructPlan& plan);
/// Gives each empty slot what an absent field becomes. False: a required field is missing (in `trouble`) or a Python error.
bool fill_absent(const StructPlan& plan, char* base, Trouble& trouble);

inline PyObject*& slot_at(char* base, const FieldPlan& field) {
  return *reinterpret_cast<PyObject**>(base + field.offset);
}

template <class Reader>
class Decoder {
 public:
  Decoder(std::string_view bytes, const thrift::Limits& limits) : in(bytes, limits) {}

  Reader in;
  Trouble trouble;

  /// A new object, or null with the reason in `in`, `trouble` or Python's error.
  PyObject* structure(const StructPlan& plan) {
    PyObject* object = new_instance(plan);
    if (object == nullptr) return nullptr;
    if (!fields(plan, base_of(plan, object))) {
      Py_DECREF(object);
      return nullptr;
    }
    if (!plan.gc_tracked) PyObject_GC_UnTrack(object);
    return object;
  }

  /// Fills the slots that start at base.
  bool fields(const StructPlan& plan, char* base) {
    if (!in.struct_begin()) return false;
    std::size_t hint = 0, seen = 0;
    for (thrift::Field header = in.field_begin(); header.type != thrift::Type::stop; header = in.field_begin()) {
      const FieldPlan* field = plan.find(header.id, hint);
      if (field == nullptr || field->type.wire != header.type) {
        in.skip(header.type);  // unknown, or of another type than ours: as Thrift does, it was never there
        continue;
      }
      PyObject* item = value(field->type, plan);
      if (item == nullptr) return trouble.field(field->name), false;
      PyObject* before = std::exchange(slot_at(base, *field), item);
      if (before == nullptr) ++seen;
      Py_XDECREF(before);
      hint = static_cast<std::size_t>(field - plan.fields.data()) + 1;
    }
    if (!in.ok()) return false;
    in.struct_end();
    if (plan.one_of && seen != 1)
      return trouble.set(seen == 0 ? "no known field of the union is set" : "more than one field of the union is set");
    return seen == plan.fields.size() || fill_absent(plan, base, trouble);
  }

  PyObject* value(const TypePlan& type, const StructPlan& owner) {
    switch (type.kind) {
      case Kind::boolean: {
        const bool yes = in.boolean();
        return in.ok() ? Py_NewRef(yes ? Py_True : Py_False) : nullptr;
      }
      case Kind::i8: return integer(in.i8());
      case Kind::i16: return integer(in.i16());
      case Kind::i32: return integer(in.i32());
      case Kind::i64: return integer(in.i64());
      case Kind::dbl: {
        const double number = in.dbl();
        return in.ok() ? PyFloat_FromDouble(number) : nullptr;
      }
      case Kind::string: return text();
      case Kind::binary: {
        const std::string_view bytes = in.binary();
        return in.ok() ? PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())) : nullptr;
      }
      case Kind::uuid: {
        const std::string_view bytes = in.uuid();
        return in.ok() ? uuid_from(bytes) : nullptr;
      }
      case Kind::enumeration: {
        const std::int32_t number = in.i32();
        return in.ok() ? enum_from(owner.enums[type.enumeration], number) : nullptr;
      }
      case Kind::union_:
      case Kind::exception:
      case Kind::structure: return structure(*type.structure);
      case Kind::list: return type.key ? tuple(type, owner) : list(type, owner);
      case Kind::set: return set(type, owner);
      case Kind::map: return type.key ? pairs(type, owner) : dict(type, owner);
    }
    return nullptr;
  }

 private:
  static char* base_of(const StructPlan& plan, PyObject* object) {
    return plan.type != nullptr ? reinterpret_cast<char*>(object)
                                : reinterpret_cast<char*>(&PyTuple_GET_ITEM(object, 0));
  }
  PyObject* integer(std::int64_t number) { return in.ok() ? PyLong_FromLongLong(number) : nullptr; }
  PyObject* text() {
    const std::string_view bytes = in.binary();
    if (!in.ok()) return nullptr;
    PyObject* made = text_from(bytes);
    if (made == nullptr && !PyErr_Occurred()) in.fail(thrift::Fault::utf8);
    return made;
  }
  /// Element types are checked here: reading an element as something else would misread all that follows.
  bool matches(std::uint32_t size, thrift::Type got, thrift::Type wanted) {
    if (size == 0 || got == wanted) return true;
    return trouble.set("has elements of type " + std::string(thrift::to_string(got)) + ", not " +
                       std::string(thrift::to_string(wanted)));
  }
  /// Reads the elements of a list or set, giving each to put(index, new reference) -> bool.
  template <class Put>
  bool elements(const TypePlan& type, const StructPlan& owner, std::uint32_t size, Put put) {
    for (std::uint32_t i = 0; i < size; ++i) {
      PyObject* item = value(type.parts[0], owner);
      if (item == nullptr || !put(i, item)) return trouble.index(i), false;
    }
    return true;
  }
  PyObject* list(const TypePlan& type, const StructPlan& owner) {
    const thrift::ListHeader header = in.list_begin();
    if (!in.ok() || !matches(header.size, header.element, type.parts[0].wire)) return nullptr;
    Ref made = Ref::steal(PyList_New(header.size));
    if (!made) return nullptr;
    const bool ok = elements(type, owner, header.size, [&](std::uint32_t i, PyObject* item) {
      PyList_SET_ITEM(made.get(), i, item);
      return true;
    });
    return ok ? made.release() : nullptr;
  }
  PyObject* tuple(const TypePlan& type, const StructPlan& owner) {
    const thrift::ListHeader header = in.list_begin();
    if (!in.ok() || !matches(header.size, header.element, type.parts[0].wire)) return nullptr;
    Ref made = Ref::steal(PyTuple_New(header.size));
    if (!made) return nullptr;
    const bool ok = elements(type, owner, header.size, [&](std::uint32_t i, PyObject* item) {
      PyTuple_SET_ITEM(made.get(), i, item);
      return true;
    });
    return ok ? made.release() : nullptr;
  }
  PyObject* set(const TypePlan& type, const StructPlan& owner) {
    const thrift::ListHeader header = in.set_begin();
    if (!in.ok() || !matches(header.size, header.element, type.parts[0].wire)) return nullptr;
    Ref made = Ref::steal(type.key ? PyFrozenSet_New(nullptr) : PySet_New(nullptr));
    if (!made) return nullptr;
    const bool ok = elements(type, owner, header.size, [&](std::uint32_t, PyObject* item) {
      const int added = PySet_Add(made.get(), item);
      Py_DECREF(item);
      return added == 0;
    });
    return ok ? made.release() : nullptr;
  }
  /// Reads the entries of a map, giving each to put(key, value), which borrows them.
  template <class Put>
  bool entries(const TypePlan& type, const StructPlan& owner, std::uint32_t size, Put put) {
    for (std::uint32_t i = 0; i < size; ++i) {
      const Ref key = Ref::steal(value(type.parts[0], owner));
      if (!key) return trouble.index(i), false;
      const Ref item = Ref::steal(value(type.parts[1], owner));
      if (!item || !put(key.get(), item.get())) return trouble.index(i), false;
    }
    return true;
  }
  bool map_header(const TypePlan& type, thrift::MapHeader& header) {
    header = in.map_begin();
    return in.ok() && matches(header.size, header.key, type.parts[0].wire) &&
           matches(header.size, header.value, type.parts[1].wire);
  }
  PyObject* dict(const TypePlan& type, const StructPlan& owner) {
    thrift::MapHeader header;
    if (!map_header(type, header)) return nullptr;
    Ref made = Ref::steal(PyDict_New());
    if (!made) return nullptr;
    const bool ok = entries(type, owner, header.size,
                            [&](PyObject* key, PyObject* item) { return PyDict_SetItem(made.get(), key, item) == 0; });
    return ok ? made.release() : nullptr;
  }
  PyObject* pairs(const TypePlan& type, const StructPlan& owner) {
    Ref made = Ref::steal(dict(type, owner));
    if (!made) return nullptr;
    const Ref items = Ref::steal(PyDict_Items(made.get()));
    return items ? PyList_AsTuple(items.get()) : nullptr;
  }
};

}  // namespace bascule::python
