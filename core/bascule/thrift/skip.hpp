// Passing over a value of any kind, for both readers: recursion is bounded by the reader's own depth.
#pragma once

#include "bascule/thrift/types.hpp"

namespace bascule::thrift::detail {

template <class Reader, class Enter, class Leave>
void skip(Reader& in, Type type, Enter enter, Leave leave) noexcept {
  const auto each = [&](Type element) { skip(in, element, enter, leave); };
  switch (type) {
    case Type::boolean: in.boolean(); return;
    case Type::i8: in.i8(); return;
    case Type::i16: in.i16(); return;
    case Type::i32: in.i32(); return;
    case Type::i64: in.i64(); return;
    case Type::dbl: in.dbl(); return;
    case Type::string: in.binary(); return;
    case Type::uuid: in.uuid(); return;
    case Type::structure:
      if (!in.struct_begin()) return;
      for (Field field = in.field_begin(); field.type != Type::stop; field = in.field_begin()) each(field.type);
      in.struct_end();
      return;
    case Type::list:
    case Type::set: {
      if (!enter()) return;
      const ListHeader list = in.list_begin();
      for (std::uint32_t i = 0; i < list.size && in.ok(); ++i) each(list.element);
      break;
    }
    case Type::map: {
      if (!enter()) return;
      const MapHeader map = in.map_begin();
      for (std::uint32_t i = 0; i < map.size && in.ok(); ++i) {
        each(map.key);
        each(map.value);
      }
      break;
    }
    default: in.fail(Fault::type); return;
  }
  if (in.ok()) leave();
}

}  // namespace bascule::thrift::detail
