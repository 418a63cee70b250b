#include "native/codec/plan.hpp"

#include <structmember.h>

#include <algorithm>
#include <string_view>

#include "native/codec/codec.hpp"

namespace bascule::python {

PyTypeObject* plan_type = nullptr;

namespace {

struct BaseType {
  std::string_view name;
  Kind kind;
  thrift::Type wire;
};
constexpr BaseType base_types[] = {
    {"bool", Kind::boolean, thrift::Type::boolean}, {"i8", Kind::i8, thrift::Type::i8},
    {"i16", Kind::i16, thrift::Type::i16},          {"i32", Kind::i32, thrift::Type::i32},
    {"i64", Kind::i64, thrift::Type::i64},          {"double", Kind::dbl, thrift::Type::dbl},
    {"string", Kind::string, thrift::Type::string}, {"binary", Kind::binary, thrift::Type::string},
    {"uuid", Kind::uuid, thrift::Type::uuid},
};

bool bad(const char* what) {
  PyErr_SetString(PyExc_ValueError, what);
  return false;
}

bool read_enum(PyObject* type, StructPlan& owner, TypePlan& out) {
  EnumTable table;
  table.type = Ref::borrow(type);
  const Ref members = Ref::steal(PyObject_GetAttrString(type, "_value2member_map_"));
  if (!members || !PyDict_Check(members.get())) return bad("an enum's class is not an enum");
  PyObject *key, *value;
  for (Py_ssize_t at = 0; PyDict_Next(members.get(), &at, &key, &value);) {
    const long number = PyLong_AsLong(key);
    if (number == -1 && PyErr_Occurred()) return false;
    if (number < 0 || number > 255) continue;
    if (table.small.size() <= static_cast<std::size_t>(number)) table.small.resize(number + 1);
    table.small[number] = Ref::borrow(value);
  }
  out.kind = Kind::enumeration;
  out.wire = thrift::Type::i32;
  out.enumeration = static_cast<std::int32_t>(owner.enums.size());
  owner.enums.push_back(std::move(table));
  return true;
}

/// From ("i64",), ("enum", cls), ("struct", Plan), ("list", T), ("set", T), ("map", K, V).
bool read_type(PyObject* spec, bool key, StructPlan& owner, TypePlan& out) {
  if (!PyTuple_Check(spec) || PyTuple_GET_SIZE(spec) < 1) return bad("a type is a tuple");
  const char* text = PyUnicode_AsUTF8(PyTuple_GET_ITEM(spec, 0));
  if (text == nullptr) return false;
  const std::string_view name = text;
  out.key = key;
  for (const auto& base : base_types) {
    if (base.name != name) continue;
    out.kind = base.kind;
    out.wire = base.wire;
    return true;
  }
  const Py_ssize_t size = PyTuple_GET_SIZE(spec);
  if (name == "enum" && size == 2) return read_enum(PyTuple_GET_ITEM(spec, 1), owner, out);
  if (name == "struct" && size == 2) {
    out.structure = plan_from(PyTuple_GET_ITEM(spec, 1));
    if (out.structure == nullptr) return false;
    owner.children.push_back(Ref::borrow(PyTuple_GET_ITEM(spec, 1)));
    out.kind = Kind::structure;
    out.wire = thrift::Type::structure;
    return true;
  }
  const bool map = name == "map";
  if ((map && size != 3) || (!map && size != 2)) return bad("unknown type");
  out.kind = map ? Kind::map : name == "set" ? Kind::set : Kind::list;
  out.wire = map ? thrift::Type::map : name == "set" ? thrift::Type::set : thrift::Type::list;
  out.parts.resize(map ? 2 : 1);
  const bool first_is_key = key || name != "list";
  if (!read_type(PyTuple_GET_ITEM(spec, 1), first_is_key, owner, out.parts[0])) return false;
  return !map || read_type(PyTuple_GET_ITEM(spec, 2), key, owner, out.parts[1]);
}

/// Where the slot of `attribute` lies in instances of `type`; -1 with an error when it is no slot.
Py_ssize_t slot_offset(PyTypeObject* type, PyObject* attribute) {
  const Ref member = Ref::steal(PyObject_GetAttr(reinterpret_cast<PyObject*>(type), attribute));
  if (!member) return -1;
  if (!Py_IS_TYPE(member.get(), &PyMemberDescr_Type)) {
    PyErr_Format(PyExc_TypeError, "%s.%U is not a slot", type->tp_name, attribute);
    return -1;
  }
  const PyMemberDef* def = reinterpret_cast<PyMemberDescrObject*>(member.get())->d_member;
  if (def->type != T_OBJECT_EX) {
    PyErr_Format(PyExc_TypeError, "%s.%U is not an object slot", type->tp_name, attribute);
    return -1;
  }
  return def->offset;
}

/// From (id, attribute, type, requiredness 0..2, absent, how 0..2: value, factory, zero struct).
bool read_field(PyObject* spec, StructPlan& plan, std::size_t index) {
  FieldPlan& field = plan.fields[index];
  int id = 0, requiredness = 0, how = 0;
  PyObject *attribute, *type, *absent;
  if (!PyArg_ParseTuple(spec, "iUOiOi", &id, &attribute, &type, &requiredness, &absent, &how)) return false;
  field.id = static_cast<std::int16_t>(id);
  field.requiredness = static_cast<Requiredness>(requiredness);
  field.factory = how == 1;
  field.zero = how == 2;
  field.attribute = Ref::borrow(attribute);
  field.absent = Ref::borrow(absent);
  field.name = PyUnicode_AsUTF8(attribute);
  if (!read_type(type, false, plan, field.type)) return false;
  field.offset =
      plan.type == nullptr ? static_cast<Py_ssize_t>(index * sizeof(PyObject*)) : slot_offset(plan.type, attribute);
  return field.offset >= 0;
}

bool holds_containers(const FieldPlan& field) {
  return field.type.kind == Kind::structure || field.type.kind == Kind::list || field.type.kind == Kind::set ||
         field.type.kind == Kind::map;
}

/// Finishes what is derived from the fields. For arguments the offsets keep the contract's order.
void index_fields(StructPlan& plan) {
  std::sort(plan.fields.begin(), plan.fields.end(), [](auto& a, auto& b) { return a.id < b.id; });
  plan.direct.clear();
  for (std::size_t i = 0; i < plan.fields.size() && i < 255; ++i) {
    const std::int16_t id = plan.fields[i].id;
    if (id < 0 || id > 1023) continue;
    if (plan.direct.size() <= static_cast<std::size_t>(id)) plan.direct.resize(id + 1, 0);
    plan.direct[id] = static_cast<std::uint8_t>(i + 1);
  }
  if (plan.fields.size() > 254) plan.direct.clear();
  plan.gc_tracked = plan.exception || std::any_of(plan.fields.begin(), plan.fields.end(), holds_containers);
}

PyObject* plan_new(PyTypeObject* type, PyObject* args, PyObject*) {
  const char* name = nullptr;
  PyObject* cls = nullptr;
  int exception = 0, one_of = 0;
  if (!PyArg_ParseTuple(args, "sOpp", &name, &cls, &exception, &one_of)) return nullptr;
  if (cls != Py_None && !PyType_Check(cls)) return bad("the class is not a class"), nullptr;
  auto* self = reinterpret_cast<PlanObject*>(type->tp_alloc(type, 0));
  if (self == nullptr) return nullptr;
  self->plan = new StructPlan;
  self->plan->name = name;
  self->plan->type = cls == Py_None ? nullptr : reinterpret_cast<PyTypeObject*>(Py_NewRef(cls));
  self->plan->exception = exception != 0;
  self->plan->one_of = one_of != 0;
  return reinterpret_cast<PyObject*>(self);
}

PyObject* plan_set_fields(PyObject* self, PyObject* list) {
  StructPlan& plan = *reinterpret_cast<PlanObject*>(self)->plan;
  const Ref fields = Ref::steal(PySequence_Fast(list, "fields are a list"));
  if (!fields) return nullptr;
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(fields.get());
  plan.fields.clear();
  plan.enums.clear();
  plan.children.clear();
  plan.fields.resize(static_cast<std::size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) {
    if (!read_field(PySequence_Fast_GET_ITEM(fields.get(), i), plan, static_cast<std::size_t>(i))) return nullptr;
  }
  index_fields(plan);
  Py_RETURN_NONE;
}

int plan_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  const StructPlan* plan = reinterpret_cast<PlanObject*>(self)->plan;
  if (plan == nullptr) return 0;
  Py_VISIT(plan->type);
  for (const auto& child : plan->children) Py_VISIT(child.get());
  for (const auto& table : plan->enums) Py_VISIT(table.type.get());
  for (const auto& field : plan->fields) Py_VISIT(field.absent.get());
  return 0;
}

int plan_clear(PyObject* self) {
  StructPlan* plan = reinterpret_cast<PlanObject*>(self)->plan;
  if (plan == nullptr) return 0;
  plan->children.clear();
  plan->fields.clear();
  plan->direct.clear();
  plan->enums.clear();
  return 0;
}

void plan_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  PyTypeObject* type = Py_TYPE(self);
  auto* object = reinterpret_cast<PlanObject*>(self);
  if (object->plan != nullptr) {
    Py_CLEAR(object->plan->type);
    delete object->plan;
  }
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef plan_methods[] = {
    {"set_fields", plan_set_fields, METH_O, "Gives the plan its fields, in the contract's order."},
    {"encode", reinterpret_cast<PyCFunction>(plan_encode), METH_VARARGS | METH_KEYWORDS,
     "encode(value, binary=False) -> bytes: the bare struct"},
    {"decode", reinterpret_cast<PyCFunction>(plan_decode), METH_VARARGS | METH_KEYWORDS,
     "decode(data, binary=False) -> value: the bare struct, which must be all of the data"},
    {"encode_message", reinterpret_cast<PyCFunction>(plan_encode_message), METH_VARARGS | METH_KEYWORDS,
     "encode_message(name, type, value, binary=False) -> bytes"},
    {"decode_message", reinterpret_cast<PyCFunction>(plan_decode_message), METH_VARARGS | METH_KEYWORDS,
     "decode_message(data, binary=False) -> (name, type, value)"},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot plan_slots[] = {{Py_tp_doc, const_cast<char*>("How one struct of a contract is read and written.")},
                            {Py_tp_new, reinterpret_cast<void*>(plan_new)},
                            {Py_tp_dealloc, reinterpret_cast<void*>(plan_dealloc)},
                            {Py_tp_traverse, reinterpret_cast<void*>(plan_traverse)},
                            {Py_tp_clear, reinterpret_cast<void*>(plan_clear)},
                            {Py_tp_methods, plan_methods},
                            {0, nullptr}};
PyType_Spec plan_spec{"bascule._native.Plan", sizeof(PlanObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                      plan_slots};

}  // namespace

const FieldPlan* StructPlan::search(std::int16_t id) const noexcept {
  const auto at =
      std::lower_bound(fields.begin(), fields.end(), id, [](const FieldPlan& f, std::int16_t n) { return f.id < n; });
  return at != fields.end() && at->id == id ? &*at : nullptr;
}

StructPlan* plan_from(PyObject* object) {
  if (!PyObject_TypeCheck(object, plan_type)) {
    PyErr_Format(PyExc_TypeError, "expected a Plan, got %.100s", Py_TYPE(object)->tp_name);
    return nullptr;
  }
  return reinterpret_cast<PlanObject*>(object)->plan;
}

bool add_plan_type(PyObject* module) {
  plan_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&plan_spec));
  return plan_type != nullptr && PyModule_AddObjectRef(module, "Plan", reinterpret_cast<PyObject*>(plan_type)) == 0;
}

}  // namespace bascule::python
