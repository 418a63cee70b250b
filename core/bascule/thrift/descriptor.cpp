#include "bascule/thrift/descriptor.hpp"

#include <algorithm>
#include <array>

namespace bascule::thrift {
namespace {

template <class Range>
auto by_name(const Range& range, std::string_view name) noexcept -> decltype(&*range.begin()) {
  const auto found = std::ranges::find(range, name, [](const auto& item) -> std::string_view { return item.name; });
  return found == range.end() ? nullptr : &*found;
}

}  // namespace

std::string to_string(const TypeRef& type) {
  static constexpr std::array<std::string_view, 9> bases{"bool",   "i8",     "i16",    "i32", "i64",
                                                         "double", "string", "binary", "uuid"};
  switch (type.kind) {
    case Kind::list: return "list<" + to_string(*type.element) + ">";
    case Kind::set: return "set<" + to_string(*type.element) + ">";
    case Kind::map: return "map<" + to_string(*type.key) + ", " + to_string(*type.element) + ">";
    default: break;
  }
  return type.named ? type.named->name : std::string(bases[static_cast<std::size_t>(type.kind)]);
}

const std::string* Annotations::find(std::string_view key) const noexcept {
  for (const auto& [name, value] : entries_) {
    if (name == key) return &value;
  }
  return nullptr;
}

const FieldType* NamedType::field(std::string_view field_name) const noexcept { return by_name(fields, field_name); }

const Method* ServiceType::method(std::string_view method_name) const noexcept { return by_name(methods, method_name); }

const NamedType* Descriptor::type(std::string_view qualified) const noexcept {
  const TypeRef* found = ref(qualified);
  return found ? found->named : nullptr;
}

const TypeRef* Descriptor::ref(std::string_view qualified) const noexcept {
  const auto found = by_name_.find(qualified);
  return found == by_name_.end() ? nullptr : found->second;
}

const ServiceType* Descriptor::service(std::string_view qualified) const noexcept {
  return by_name(services_, qualified);
}

const EventType* Descriptor::event(std::string_view qualified) const noexcept {
  for (const EventType& event : events_) {
    if (event.type->name == qualified) return &event;
  }
  return nullptr;
}

}  // namespace bascule::thrift
