#include "bascule/transcode/canonical.hpp"

#include "bascule/thrift/compact.hpp"

namespace bascule::transcode {
namespace {

using thrift::CompactReader;
using thrift::Type;

constexpr thrift::Limits generous{.message = ~std::size_t{0}, .depth = thrift::max_depth};

std::string element(CompactReader& in, Type type);

void append_sized(std::string& to, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  to.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
}

/// Parts joined so that different lists of parts give different bytes.
std::string joined(char kind, std::vector<std::string> parts, bool sorted) {
  if (sorted) std::ranges::sort(parts);
  std::string result(1, kind);
  for (const std::string& part : parts) append_sized(result, part);
  return result;
}

std::string structure(CompactReader& in) {
  std::vector<std::string> parts;
  in.struct_begin();
  for (thrift::Field field = in.field_begin(); field.type != Type::stop; field = in.field_begin()) {
    std::string part(reinterpret_cast<const char*>(&field.id), sizeof field.id);
    parts.push_back(part + element(in, field.type));
  }
  in.struct_end();
  return joined('s', std::move(parts), true);
}

std::string sequence(CompactReader& in, bool sorted) {
  const thrift::ListHeader list = in.list_begin();
  std::vector<std::string> parts;
  for (std::uint32_t i = 0; i < list.size && in.ok(); ++i) parts.push_back(element(in, list.element));
  return joined('l', std::move(parts), sorted);
}

std::string map(CompactReader& in) {
  const thrift::MapHeader header = in.map_begin();
  std::vector<std::string> parts;
  for (std::uint32_t i = 0; i < header.size && in.ok(); ++i) {
    std::string entry;
    append_sized(entry, element(in, header.key));
    parts.push_back(entry + element(in, header.value));
  }
  return joined('m', std::move(parts), true);
}

std::string element(CompactReader& in, Type type) {
  switch (type) {
    case Type::structure: return structure(in);
    case Type::list: return sequence(in, false);
    case Type::set: return sequence(in, true);
    case Type::map: return map(in);
    case Type::boolean: return in.boolean() ? "1" : "0";
    case Type::string: return std::string(in.binary());
    case Type::uuid: return std::string(in.uuid());
    case Type::dbl: {
      const double value = in.dbl() + 0.0;  // -0.0 + 0.0 is 0.0
      return {reinterpret_cast<const char*>(&value), sizeof value};
    }
    case Type::i8: return std::to_string(in.i8());
    default: return std::to_string(in.i64());
  }
}

}  // namespace

std::string canonical(const TypePlan& type, std::string_view value) {
  CompactReader in(value, generous);
  return element(in, type.wire);
}

}  // namespace bascule::transcode
