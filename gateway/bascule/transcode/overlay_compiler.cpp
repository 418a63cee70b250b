#include "bascule/transcode/overlay_compiler.hpp"

#include <algorithm>

namespace bascule::transcode {
namespace {

using thrift::Kind;

Source source_of(thrift::Binding::In in) noexcept {
  switch (in) {
    case thrift::Binding::In::path: return Source::path;
    case thrift::Binding::In::header: return Source::header;
    case thrift::Binding::In::cookie: return Source::cookie;
    case thrift::Binding::In::body: return Source::body;
    default: return Source::query;
  }
}

[[noreturn]] void refuse(const thrift::Route& route, const std::string& what) {
  throw thrift::DescriptorError(route.verb + " " + route.path, what);
}

bool bindable(const TypePlan& type) noexcept {
  const Kind kind = type.kind == Kind::list || type.kind == Kind::set ? type.element->kind : type.kind;
  return !type.structure && kind != Kind::map && kind != Kind::list && kind != Kind::set && kind != Kind::structure &&
         kind != Kind::union_ && kind != Kind::exception;
}

Overlay::Item& item_for(Overlay& overlay, const StructPlan& plan, std::string_view field, const thrift::Route& route) {
  const std::uint32_t index = plan.names.find(field);
  if (index == Names::none) refuse(route, plan.name + " has no field " + std::string(field));
  const auto found = std::ranges::find(overlay.items, index, &Overlay::Item::field);
  if (found != overlay.items.end()) return *found;
  Overlay::Item& made = overlay.items.emplace_back();
  made.field = index;
  return made;
}

void add(Overlay& overlay, const StructPlan& plan, std::string_view path, const thrift::Binding& binding,
         std::uint16_t index, const thrift::Route& route) {
  const std::size_t dot = path.find('.');
  Overlay::Item& item = item_for(overlay, plan, path.substr(0, dot), route);
  const TypePlan& type = *plan.fields[item.field].type;
  if (dot != path.npos) {
    if (!type.structure) refuse(route, "nothing can be bound inside of " + type.name);
    if (!item.inner) {
      if (!item.name.empty()) refuse(route, "field " + std::string(path) + " is bound twice");
      item.inner = std::make_unique<Overlay>();
    }
    return add(*item.inner, *type.structure, path.substr(dot + 1), binding, index, route);
  }
  if (item.inner || !item.name.empty()) refuse(route, "field " + std::string(path) + " is bound twice");
  if (!bindable(type)) refuse(route, "parameter " + binding.name + " cannot be of type " + type.name);
  item.binding = index;
  item.source = source_of(binding.in);
  item.name = binding.name;
}

}  // namespace

std::unique_ptr<Overlay> compile_overlay(const StructPlan& arguments, const thrift::Route& route) {
  auto overlay = std::make_unique<Overlay>();
  for (std::uint16_t i = 0; i < route.bindings.size(); ++i) {
    const thrift::Binding& binding = route.bindings[i];
    if (binding.in == thrift::Binding::In::body) continue;
    const std::string path = binding.field.empty() ? binding.arg : binding.arg + "." + binding.field;
    add(*overlay, arguments, path, binding, i, route);
  }
  if (route.body && *route.body != "*") {
    Overlay::Item& item = item_for(*overlay, arguments, *route.body, route);
    if (!item.name.empty()) refuse(route, "argument " + *route.body + " is the body and a parameter too");
    item.body = true;
  }
  if (overlay->items.empty() && route.body) return nullptr;
  return overlay;
}

}  // namespace bascule::transcode
