// Plans: what the codec must know of a contract's types, resolved once, so that a message costs no look-up by name.
//
// A StructPlan says, for each field, its id, wire type, where its value lies in the Python object (the offset of its
// slot) and what an absent one becomes. Python's bascule.contract builds plans from the descriptor through the type
// `_native.Plan`. A plan without a class describes a method's arguments: a tuple in the contract's order.
// Thread safety: the GIL.
#pragma once

#include "native/python.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "bascule/thrift/kind.hpp"
#include "bascule/thrift/types.hpp"

namespace bascule::python {

/// A union or an exception is a structure here: StructPlan says which.
using thrift::Kind;
using thrift::Requiredness;

struct StructPlan;

/// Members of one IntEnum by number: small ones by index, the others through the class.
struct EnumTable {
  Ref type;
  std::vector<Ref> small;  ///< members 0..255, null where there is none
};

/// The type of a field or of a container's element.
struct TypePlan {
  Kind kind = Kind::boolean;
  bool key = false;  ///< inside a set or a map's key: lists become tuples, sets frozensets, maps tuples of pairs
  thrift::Type wire = thrift::Type::boolean;
  StructPlan* structure = nullptr;  ///< kind structure; kept alive by StructPlan::children of the plan that uses it
  std::int32_t enumeration = -1;    ///< kind enumeration: index into StructPlan::enums
  std::vector<TypePlan> parts;      ///< list, set: the element; map: key and value
};

struct FieldPlan {
  std::int16_t id = 0;
  Requiredness requiredness = Requiredness::standard;
  bool factory = false;  ///< `absent` is to be called
  bool zero = false;     ///< absent: the child struct with its own defaults
  TypePlan type;
  Py_ssize_t offset = 0;  ///< of the PyObject* from the object's start; without a class, from the first tuple item
  std::string name;
  Ref attribute;  ///< interned name
  Ref absent;     ///< the value, or its factory
};

struct StructPlan {
  std::string name;
  PyTypeObject* type = nullptr;  ///< null: a tuple of arguments
  bool exception = false;
  bool one_of = false;               ///< a union: exactly one field is set
  bool gc_tracked = true;            ///< false: no field can hold a container, so no cycle can pass through it
  std::vector<FieldPlan> fields;     ///< by ascending id
  std::vector<std::uint8_t> direct;  ///< id -> index + 1 for small ids; 0: unknown
  std::vector<EnumTable> enums;
  std::vector<Ref> children;  ///< Plan objects that `structure` pointers lead to

  /// The field with this id, tried at `hint` first; null when the contract has none.
  const FieldPlan* find(std::int16_t id, std::size_t hint) const noexcept {
    if (hint < fields.size() && fields[hint].id == id) [[likely]]
      return &fields[hint];
    if (id >= 0 && static_cast<std::size_t>(id) < direct.size()) {
      return direct[id] != 0 ? &fields[direct[id] - 1] : nullptr;
    }
    return search(id);
  }
  const FieldPlan* search(std::int16_t id) const noexcept;
};

/// The Python object that owns a StructPlan.
struct PlanObject {
  PyObject_HEAD
  StructPlan* plan;
};

extern PyTypeObject* plan_type;
/// Makes the type and puts it into the module. False with a Python error set.
bool add_plan_type(PyObject* module);
/// The plan in a Plan object, or null with TypeError.
StructPlan* plan_from(PyObject* object);

}  // namespace bascule::python
