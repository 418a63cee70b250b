// The encoder's parameters: text of a path, query, header or cookie as the field it is bound to.
#include <algorithm>
#include <cmath>
#include <limits>

#include "bascule/thrift/utf8.hpp"
#include "bascule/transcode/encoder_inline.hpp"

namespace bascule::transcode {

using thrift::Kind;

std::size_t Encoder::given(std::uint16_t binding) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(parameters_, binding, &Parameter::binding));
}

bool Encoder::given(const Overlay& overlay) const noexcept {
  return std::ranges::any_of(overlay.items, [this](const Overlay::Item& item) {
    return item.inner ? given(*item.inner) : given(item.binding) != 0;
  });
}

/// Fields that parameters give, and the field that the body is: before the members of the JSON object, if
/// there is one.
bool Encoder::overlaid(const StructPlan& plan, const Overlay& overlay, Seen& seen) {
  for (const Overlay::Item& item : overlay.items) {
    if (item.body ? !text_ : (item.inner || given(item.binding) == 0)) continue;
    const FieldPlan& target = plan.fields[item.field];
    meet(seen, item.field);
    if (!(item.body ? field(target, item.inner.get()) : parameter_field(target, item))) return false;
  }
  return true;
}

/// Structs that the JSON did not hold but parameters reach into: after its members.
bool Encoder::overlaid_structs(const StructPlan& plan, const Overlay& overlay, Seen& seen) {
  for (const Overlay::Item& item : overlay.items) {
    if (!item.inner || test(seen, item.field) || !given(*item.inner)) continue;
    const FieldPlan& target = plan.fields[item.field];
    meet(seen, item.field);
    out_.field_begin(target.type->wire, target.id);
    if (!structure(*target.type->structure, item.inner.get(), false)) return false;
  }
  return true;
}

bool Encoder::parameter_field(const FieldPlan& plan, const Overlay::Item& item) {
  if (plan.type->kind == Kind::list || plan.type->kind == Kind::set) return parameter_list(plan, item);
  if (given(item.binding) > 1) return wrong_parameter(item, Wrong::duplicate, "this parameter is given twice");
  const std::string_view text = std::ranges::find(parameters_, item.binding, &Parameter::binding)->text;
  if (plan.type->kind == Kind::boolean) {
    if (text != "true" && text != "false")
      return wrong_parameter(item, Wrong::format, "this is not a bool", "true or false");
    out_.bool_field(plan.id, text == "true");
    const std::string* rule = plan.checks ? plan.checks->boolean(text == "true") : nullptr;
    return !rule || wrong_parameter(item, Wrong::check, "the value must be " + *rule, *rule);
  }
  out_.field_begin(plan.type->wire, plan.id);
  return parameter(*plan.type, plan.checks.get(), text, item);
}

/// Each occurrence is an element; a header's text is a comma-separated list besides.
bool Encoder::parameter_list(const FieldPlan& plan, const Overlay::Item& item) {
  out_.field_begin(plan.type->wire, plan.id);
  const std::size_t header = out_.size(), first_span = work_.spans_.size();
  const thrift::Checks* const element_checks = plan.checks ? plan.checks->element() : nullptr;
  out_.byte(0);
  std::size_t count = 0;
  for (const Parameter& given : parameters_) {
    if (given.binding != item.binding) continue;
    std::string_view rest = given.text;
    for (bool more = true; more; ++count) {
      const std::size_t comma = item.source == Source::header ? rest.find(',') : rest.npos;
      std::string_view text = rest.substr(0, comma);
      more = comma != rest.npos;
      if (more) rest.remove_prefix(comma + 1);
      while (item.source == Source::header && text.starts_with(' ')) text.remove_prefix(1);
      while (item.source == Source::header && text.ends_with(' ')) text.remove_suffix(1);
      const auto begin = static_cast<std::uint32_t>(out_.size());
      if (!parameter(*plan.type->element, element_checks, text, item)) return false;
      work_.spans_.push_back({begin, static_cast<std::uint32_t>(out_.size()), 0});
    }
  }
  if (plan.type->kind == Kind::set && !unique(*plan.type->element, first_span, "element")) {
    return wrong_parameter(item, Wrong::duplicate, "an element of this set is there twice");
  }
  work_.spans_.resize(first_span);
  patch_list(header, plan.type->element->wire, count);
  const std::string* rule = plan.checks ? plan.checks->count(count) : nullptr;
  return !rule || wrong_parameter(item, Wrong::check, "there must be " + *rule, *rule);
}

bool Encoder::parameter(const TypePlan& type, const thrift::Checks* checks, std::string_view text,
                        const Overlay::Item& item) {
  const std::string* rule = nullptr;
  switch (type.kind) {
    case Kind::boolean:
      if (text != "true" && text != "false")
        return wrong_parameter(item, Wrong::format, "this is not a bool", "true or false");
      out_.boolean(text == "true");
      if (checks) rule = checks->boolean(text == "true");
      break;
    case Kind::string:
      if (!thrift::valid_utf8(text)) return wrong_parameter(item, Wrong::utf8, "the bytes are not UTF-8");
      out_.string(text);
      if (checks) rule = checks->text(text);
      break;
    case Kind::binary: {
      std::string bytes(base64_decoded_bound(text.size()), '\0');
      const char* const end = decode_base64(text, bytes.data());
      if (!end) return wrong_parameter(item, Wrong::format, "this is not base64", "base64, standard or URL-safe");
      bytes.resize(static_cast<std::size_t>(end - bytes.data()));
      out_.string(bytes);
      if (checks) rule = checks->text(bytes);
      break;
    }
    case Kind::uuid:
      out_.reserve(16);
      if (!parse_uuid(text, out_.cursor())) return wrong_parameter(item, Wrong::format, "this is not a UUID");
      if (checks) rule = checks->text({out_.cursor(), 16});
      out_.advance(16);
      break;
    case Kind::dbl: {
      const std::string ended = std::string(text).append(number_padding, '\0');
      const char* p = ended.data();
      double value = text == "NaN"         ? std::numeric_limits<double>::quiet_NaN()
                     : text == "-Infinity" ? -HUGE_VAL
                                           : HUGE_VAL;
      if (text != "NaN" && text != "Infinity" && text != "-Infinity" &&
          (parse_double(p, value) != NumberError::none || p != ended.data() + text.size())) {
        return wrong_parameter(item, Wrong::format, "this is not a number", "a number");
      }
      out_.dbl(value);
      if (checks) rule = checks->real(value);
      break;
    }
    default: {
      std::int64_t value = 0;
      if (!parameter_integer(type, text, value, item)) return false;
      if (type.kind == Kind::i8) {
        out_.i8(static_cast<std::int8_t>(value));
      } else {
        out_.i64(value);
      }
      if (checks) rule = checks->integer(value);
    }
  }
  return !rule || wrong_parameter(item, Wrong::check, "the value must be " + *rule, *rule);
}

bool Encoder::parameter_integer(const TypePlan& type, std::string_view text, std::int64_t& value,
                                const Overlay::Item& item) {
  if (type.enumeration) {
    const std::uint32_t index = type.enumeration->names.find(text);
    if (index != Names::none) {
      value = type.enumeration->values[index];
      return true;
    }
  }
  const std::string ended = std::string(text).append(number_padding, '\0');
  const char* p = ended.data();
  const NumberError error = parse_integer(p, value);
  if ((error != NumberError::none && error != NumberError::range) || p != ended.data() + text.size()) {
    return wrong_parameter(item, Wrong::format, "this is not of type " + type.name, type.name);
  }
  const IntegerRange range = integer_range(type.kind);
  if (error == NumberError::range || !range.holds(value)) {
    return wrong_parameter(item, Wrong::range, "the number does not fit " + type.name,
                           "an integer from " + std::to_string(range.low) + " to " + std::to_string(range.high));
  }
  return true;
}

bool Encoder::wrong_parameter(const Overlay::Item& item, Wrong wrong, std::string what, std::string expected) {
  problem_ = {wrong, item.source, item.name, std::move(what), std::move(expected), 0};
  return false;
}

}  // namespace bascule::transcode
